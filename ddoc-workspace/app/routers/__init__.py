"""The service's routes: parse, call, shape; no logic."""
