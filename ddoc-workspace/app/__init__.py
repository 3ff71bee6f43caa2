"""The service: many workspaces, requests and jobs."""
