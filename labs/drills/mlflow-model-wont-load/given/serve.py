"""The scorer: load the champion, score three customers."""

import os

import mlflow
import numpy as np

model = mlflow.sklearn.load_model(f"models:/{os.environ['MODEL_NAME']}@champion")
customers = np.array([[1.0, 0.5, 0.0, 2.0], [-1.0, 0.5, 0.0, 2.0], [0.0, 0.0, 0.0, 0.0]])
print("scores", *(f"{score:.6f}" for score in model.predict_proba(customers)[:, 1]))
