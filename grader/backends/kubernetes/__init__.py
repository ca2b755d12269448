"""The backend that runs sandboxes and services as pods of a Kubernetes cluster; decision 16 says how and why."""
