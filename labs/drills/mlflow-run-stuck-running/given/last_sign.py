"""When each RUNNING run last logged anything: a run that trains logs its loss once a minute."""

import os
import time

import mlflow

client = mlflow.MlflowClient()
experiment = client.get_experiment_by_name(os.environ["MLFLOW_EXPERIMENT_NAME"])

for run in client.search_runs([experiment.experiment_id], "attributes.status = 'RUNNING'"):
    history = client.get_metric_history(run.info.run_id, "loss")
    minutes = (time.time() * 1000 - max(metric.timestamp for metric in history)) / 60_000
    print(f"{run.info.run_id}  {run.info.run_name}  on {run.data.tags['host']}: {len(history)} epochs, last sign {minutes:.0f} min ago")
