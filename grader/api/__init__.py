"""What the service and its clients say to each other (`objects.py`), and the client behind `mlops submit --to`."""
