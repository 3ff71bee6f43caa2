"""The vision plug-in: what is measured on images, and what turns them into vectors."""
