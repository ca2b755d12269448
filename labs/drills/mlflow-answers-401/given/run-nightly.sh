#!/bin/sh
# What cron runs. The job gets its settings from job.env, and nothing from whoever calls it.
set -e
unset MLFLOW_TRACKING_USERNAME MLFLOW_TRACKING_PASSWORD
set -a
. ./job.env
set +a
exec python nightly.py
