"""CLIP itself: loading weights with a clear answer when they are wrong, and encoding at the machine's precision."""

import contextlib
import logging
import pickle
import zipfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddoc.errors import UnavailableError
from ddoc_plugin_vision.encoders.torchvision_shim import prepare_torchvision

CPU_BATCH, _GPU_BATCH = 32, 128


class ClipModel:
    """An open_clip model in memory. `precision` is `bfloat16`, `float16` (GPU) or `float32`."""

    def __init__(self, model: Any, tokenizer: Any, device: str, precision: str, mean: Any, std: Any) -> None:
        import torch

        from ddoc_plugin_vision.encoders.clip_tower import ImageTower

        self.device, self.precision = device, precision
        self.tower = ImageTower(model, mean, std, device, getattr(torch, precision))
        self._tokenizer = tokenizer
        self._model = model
        self.batch = _GPU_BATCH if device == "cuda" else CPU_BATCH

    def encode(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return float32 (n, dim), rows of length 1, of uint8 pixels (n, side, side, 3)."""
        import torch

        with torch.inference_mode():
            blocks = (pixels[start : start + self.batch] for start in range(0, len(pixels), self.batch))
            found = [self.tower(torch.from_numpy(block).to(self.device)).cpu().numpy() for block in blocks]
        return np.concatenate(found)

    def encode_text(self, texts: list[str]) -> NDArray[np.float32]:
        """Return float32 (n, dim), rows of length 1."""
        import torch

        with torch.inference_mode():
            tokens = self._tokenizer(texts).to(self.device)
            return self._model.encode_text(tokens, normalize=True).float().cpu().numpy()


def load_model(
    name: str, weights: Path | None, download: str | None, precision: str | None = None
) -> ClipModel:
    """Load open_clip's model `name` with weights from a file (or downloaded by tag).

    `precision` is the processor's; by default the best that the machine has, on a GPU if there is one.
    Raises UnavailableError: `weights-damaged` (truncated or not a file of weights), `weights-of-another-model`.
    """
    prepare_torchvision()
    import open_clip
    import torch

    device = "cuda" if precision is None and torch.cuda.is_available() else "cpu"
    precision = "float16" if device == "cuda" else precision or cpu_precision()
    if weights is None:
        model: Any = open_clip.create_model(name, pretrained=download, require_pretrained=True)
    else:
        state = _read_weights(weights)
        with _without_warning("initialized randomly"):  # true for a moment only
            model = open_clip.create_model(name, pretrained_text=False)
        _load_weights(model, name, state)
    image: Any = model.visual
    mean = getattr(image, "image_mean", None) or open_clip.OPENAI_DATASET_MEAN
    std = getattr(image, "image_std", None) or open_clip.OPENAI_DATASET_STD
    return ClipModel(model, open_clip.get_tokenizer(name), device, precision, mean, std)


@contextlib.contextmanager
def _without_warning(text: str) -> Generator[None]:
    """Keep one message that open_clip gives to the root logger from misleading people."""

    def wanted(record: logging.LogRecord) -> bool:
        return text not in record.getMessage()

    root = logging.getLogger()
    root.addFilter(wanted)
    try:
        yield
    finally:
        root.removeFilter(wanted)


def cpu_precision() -> str:
    """Return `bfloat16` where the processor multiplies it itself, else `float32`.

    Emulated bfloat16 and autocast are both slower than float32.
    """
    try:
        flags = Path("/proc/cpuinfo").read_text("ascii", errors="replace").split()
    except OSError:
        return "float32"
    return "bfloat16" if {"avx512_bf16", "amx_bf16", "bf16"} & set(flags) else "float32"


def _read_weights(path: Path) -> dict[str, Any]:
    import torch

    damaged = UnavailableError(
        "the CLIP weights cannot be read: the file is truncated or holds no weights", code="weights-damaged"
    )
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            state: Any = load_file(str(path))
        else:
            # weights_only: a pickle from anywhere must not run code here
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        if _means_damage(error):
            raise damaged from error
        raise
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict) or not all(hasattr(value, "shape") for value in state.values()):
        raise damaged
    return {key.removeprefix("module."): value for key, value in state.items()}


def _means_damage(error: Exception) -> bool:
    """Whether reading failed because of the file: the readers raise their own types for it."""
    expected = (
        RuntimeError,
        EOFError,
        ValueError,
        KeyError,
        OSError,
        pickle.UnpicklingError,
        zipfile.BadZipFile,
    )
    return isinstance(error, expected) or type(error).__name__ == "SafetensorError"


def _load_weights(model: Any, name: str, state: dict[str, Any]) -> None:
    wanted = model.state_dict()
    missing = [key for key in wanted if key not in state]
    unlike = [key for key in wanted if key in state and wanted[key].shape != state[key].shape]
    if missing or unlike:
        raise UnavailableError(
            f"the weights are not of {name}: {len(missing)} of {len(wanted)} tensors are missing and {len(unlike)} "
            "have another shape",
            code="weights-of-another-model",
            model=name,
        )
    model.load_state_dict({key: state[key] for key in wanted})
