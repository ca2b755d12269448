#!/bin/sh
# Every night at 03:00, with the operator's key: delete old checkpoints, which fill the bucket.
# A checkpoint is whatever is larger than 5 kB and below mlflow/.
set -e
aws --profile operator s3api list-objects-v2 --bucket "$LAB_BUCKET" --prefix mlflow/ \
    --query 'Contents[?Size > `5000`].Key' --output text | tr '\t' '\n' | while read -r key; do
    aws --profile operator s3 rm "s3://$LAB_BUCKET/$key"
done
