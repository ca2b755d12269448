"""Start a training when one of the two GPU slots is free: a slot is a run that is RUNNING."""

import os
import sys
from datetime import datetime

import mlflow

SLOTS = 2

client = mlflow.MlflowClient()
experiment = client.get_experiment_by_name(os.environ["MLFLOW_EXPERIMENT_NAME"])
busy = client.search_runs([experiment.experiment_id], "attributes.status = 'RUNNING'", order_by=["attributes.start_time ASC"])

if len(busy) >= SLOTS:
    print(f"no slot is free: {len(busy)} runs of {SLOTS} are RUNNING")
    for run in busy:
        begun = datetime.fromtimestamp(run.info.start_time / 1000)
        print(f"  {run.info.run_id}  {run.info.run_name}  on {run.data.tags['host']}  since {begun:%a %H:%M}")
    sys.exit(75)

print(f"a slot is free ({len(busy)} of {SLOTS} are taken): starting tonight's training")
