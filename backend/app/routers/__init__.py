"""The backend's routes; whatever is not listed here does not exist."""
