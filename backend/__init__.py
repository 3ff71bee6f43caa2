"""The main backend's package."""
