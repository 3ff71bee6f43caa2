"""Snapshots of a root's data as real git and DVC history.

The modules below speak of files; what an item is, is known one layer up (`ddoc.core`).
"""
