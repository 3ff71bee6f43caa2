"""Experiments: trainers, the shim that runs them, what is written down, and the MLflow server."""
