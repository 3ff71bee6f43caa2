"""ddoc: one workspace of images, without HTTP.

Everything the service can do to a workspace can be done with this package, from a notebook or a script.
"""

from ddoc.experiment.reporting import report

__all__ = ["report"]
