"""The command line: `ddoc analyze`, `ddoc drift`, `ddoc guard`, `ddoc quantize` and `ddoc fsck`, for notebooks, scripts and CI."""

from ddoc.cli.main import main

__all__ = ["main"]
