"""The main backend: authenticates, proxies to the service and to MLflow, and serves the UI's files."""
