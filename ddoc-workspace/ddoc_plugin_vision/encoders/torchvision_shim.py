"""Makes `import torchvision` work beside a CPU build of torch.

open_clip needs torchvision's transforms. PyPI's torchvision is linked against the CUDA build of torch; beside a CPU
build its compiled operators cannot be loaded, and its import then fails with "operator torchvision::nms does not
exist", because it describes operators that were never declared. Declaring the two missing ones is enough: nothing
here calls them.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_MISSING = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


@cache
def prepare_torchvision() -> Any:
    """Declare the operators where the compiled ones do not load. Call before importing torchvision or open_clip.

    Returns what must stay alive for the declarations to last (kept by the cache), or None where nothing was needed.
    """
    import torch

    spec = find_spec("torchvision")
    if spec is None or spec.origin is None:
        return None
    try:
        for library in Path(spec.origin).parent.glob("_C*.so"):
            torch.ops.load_library(str(library))
            return None
    except OSError:
        pass  # linked against another build of torch: declared below instead
    declared = torch.library.Library("torchvision", "DEF")
    for schema in _MISSING:
        declared.define(schema)
    return declared
