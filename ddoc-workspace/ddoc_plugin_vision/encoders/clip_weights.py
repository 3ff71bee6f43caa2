"""Where CLIP's weights are, and what is wrong with them if something is. Imports neither torch nor open_clip."""

import hashlib
import json
import os
import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ddoc.errors import InvalidInputError, UnavailableError

DEFAULT_MODEL = "ViT-B-32"
INT8_FACTS = "facts.json"
_BLOCKS, _BLOCK = 64, 1 << 16
# Where open_clip's usual weights lie in the Hugging Face cache.
_CACHED = {
    "ViT-B-32": "models--laion--CLIP-ViT-B-32-laion2B-s34B-b79K",
    "ViT-B-16": "models--laion--CLIP-ViT-B-16-laion2B-s34B-b88K",
    "ViT-L-14": "models--laion--CLIP-ViT-L-14-laion2B-s32B-b82K",
    "ViT-H-14": "models--laion--CLIP-ViT-H-14-laion2B-s32B-b79K",
}
_DOWNLOADS = {
    "ViT-B-32": "laion2b_s34b_b79k",
    "ViT-B-16": "laion2b_s34b_b88k",
    "ViT-L-14": "laion2b_s32b_b82k",
    "ViT-H-14": "laion2b_s32b_b79k",
}
# as the service reads the same setting
_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})
_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")


@dataclass(frozen=True, slots=True)
class ModelShape:
    """Facts of a model from open_clip's own configuration: vector size and side of the input square in pixels."""

    dim: int
    image_size: int


@cache
def model_shape(model: str) -> ModelShape:
    """Return the shape of a model by open_clip's name. Raises InvalidInputError `unknown-model`."""
    spec = find_spec("open_clip")
    if spec is None or spec.origin is None:
        raise UnavailableError("the package open_clip_torch is not installed", code="no-open-clip")
    known = Path(spec.origin).parent / "model_configs"
    path = known / f"{model}.json"
    if path.parent != known or not path.exists():
        raise InvalidInputError(f"open_clip knows no model '{model}'", code="unknown-model", model=model)
    facts: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return ModelShape(int(facts["embed_dim"]), int(facts["vision_cfg"].get("image_size", 224)))


def find_weights(model: str) -> Path:
    """Return the file of weights: `DDOC_CLIP_WEIGHTS`, else the local Hugging Face cache.

    Raises UnavailableError `no-weights` that says what to do. Nothing is downloaded here.
    """
    named = os.environ.get("DDOC_CLIP_WEIGHTS")
    if named:
        path = Path(named)
        if not path.is_file():
            raise UnavailableError("DDOC_CLIP_WEIGHTS names a file that does not exist", code="no-weights")
        return path
    for name in _FILES:
        for path in sorted(_cache().glob(f"{_CACHED.get(model, '-')}/snapshots/*/{name}")):
            return path
    raise UnavailableError(
        f"the encoder 'clip' has no weights for {model}: set DDOC_CLIP_WEIGHTS to a file of weights, or "
        "DDOC_ALLOW_DOWNLOADS=1 where a download is allowed; 'descriptor' needs none",
        code="no-weights",
        model=model,
    )


def download_tag(model: str) -> str | None:
    """Return open_clip's tag of the weights to download, or None unless `DDOC_ALLOW_DOWNLOADS` allows it."""
    allowed = os.environ.get("DDOC_ALLOW_DOWNLOADS", "").strip().lower() in _TRUE
    return _DOWNLOADS.get(model) if allowed else None


def cached_tag(model: str, weights: Path) -> str | None:
    """Return open_clip's tag of weights that lie in the local cache; None for a file from anywhere else."""
    return _DOWNLOADS.get(model) if weights.is_relative_to(_cache()) else None


@dataclass(frozen=True, slots=True)
class Int8Facts:
    """What is known of an 8-bit model: of which model and weights it was made, how near it came, and its checksum."""

    model: str
    weights: str
    sha256: str
    calibrated: int
    checked: int
    cosine_mean: float
    cosine_min: float

    def __post_init__(self) -> None:
        if not re.fullmatch("[0-9a-f]{64}", self.sha256):
            raise ValueError("no checksum")

    @property
    def tag(self) -> str:
        """What tells its vectors from those of other 8-bit models."""
        return f"int8-{self.sha256[:8]}"


def int8_folder() -> Path | None:
    """Return the folder that `DDOC_CLIP_INT8` names, or None."""
    named = os.environ.get("DDOC_CLIP_INT8")
    return Path(named) if named else None


def need_openvino() -> None:
    """Raise UnavailableError `no-openvino` where the packages that 8-bit CLIP needs are missing."""
    if find_spec("openvino") is None or find_spec("nncf") is None:
        raise UnavailableError(
            "8-bit CLIP needs the packages openvino and nncf: install ddoc-workspace/requirements/int8.lock",
            code="no-openvino",
        )


def read_int8_facts(folder: Path, model: str, weights: str) -> Int8Facts:
    """Return the facts of the 8-bit model in `folder`.

    Raises UnavailableError: `no-openvino` where the package is missing, `no-int8-model` where there is none,
    `int8-damaged` where its facts cannot be read, `int8-of-another-model` where it was not made of `model` with the
    weights called `weights`.
    """
    need_openvino()
    try:
        facts = Int8Facts(**json.loads((folder / INT8_FACTS).read_text("utf-8")))
    except FileNotFoundError as error:
        raise UnavailableError(
            "DDOC_CLIP_INT8 names no folder with an 8-bit model: make one with `ddoc quantize`",
            code="no-int8-model",
        ) from error
    except (OSError, ValueError, TypeError) as error:
        raise UnavailableError(
            f"the 8-bit model's {INT8_FACTS} cannot be read: allow it to be read, or make the model again with "
            "`ddoc quantize`",
            code="int8-damaged",
        ) from error
    if (facts.model, facts.weights) != (model, weights):
        raise UnavailableError(
            f"the 8-bit model was made of {facts.model} with the weights {facts.weights}, but {model} with "
            f"{weights} is asked for: make another with `ddoc quantize`",
            code="int8-of-another-model",
            model=model,
        )
    return facts


def fingerprint(path: Path) -> str:
    """Return 8 hex digits that tell weights apart: of the size and of 64 blocks spread over the file."""
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        for number in range(_BLOCKS):
            file.seek(size * number // _BLOCKS)
            digest.update(file.read(_BLOCK))
    return digest.hexdigest()[:8]


def _cache() -> Path:
    home = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if home:
        return Path(home)
    return Path(os.environ.get("HF_HOME", "~/.cache/huggingface")).expanduser() / "hub"
