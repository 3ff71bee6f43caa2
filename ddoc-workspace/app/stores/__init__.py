"""What the service remembers: the catalog of datasets, workspaces and drift reports, and the jobs."""
