"""The library's services: workspaces, snapshots, experiments, and what joins the rooms below."""
