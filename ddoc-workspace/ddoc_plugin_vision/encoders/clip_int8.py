"""CLIP's image side in 8-bit integers through OpenVINO: made once, checked against the real weights, then used.

Where a processor multiplies no bfloat16 but has 8-bit dot products (AVX-512 VNNI), this is the fast way. Scales come
from images (post-training quantisation with SmoothQuant: Xiao et al., "SmoothQuant: Accurate and Efficient
Post-Training Quantization for Large Language Models", ICML 2023, as NNCF does it).
"""

import contextlib
import hashlib
import io
import json
import logging
import math
import sys
import tempfile
import warnings
from collections.abc import Generator, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ddoc.errors import ConflictError, InvalidInputError, UnavailableError
from ddoc.progress import Progress
from ddoc_plugin_vision.encoders.clip_model import CPU_BATCH, ClipModel
from ddoc_plugin_vision.encoders.clip_weights import INT8_FACTS, Int8Facts

Pixels = NDArray[np.uint8]
_MODEL = "model.xml"
_CALIBRATION_BATCH = 8


class Int8Model:
    """The 8-bit model of a folder, on all of the process's cores."""

    batch = CPU_BATCH

    def __init__(self, folder: Path, facts: Int8Facts) -> None:
        """Load it. Raises UnavailableError `int8-damaged` where the files are not those that were checked."""
        if _checksum(folder) != facts.sha256:
            raise UnavailableError(
                "the 8-bit model's files are damaged: make it again with `ddoc quantize`", code="int8-damaged"
            )
        with _quiet_openvino() as openvino:
            self._model = openvino.Core().compile_model(folder / _MODEL, "CPU")

    def encode(self, pixels: Pixels) -> NDArray[np.float32]:
        """Return float32 (n, dim), rows of length 1, of uint8 pixels (n, side, side, 3)."""
        blocks = (pixels[start : start + self.batch] for start in range(0, len(pixels), self.batch))
        return np.concatenate([self._model(block)[0] for block in blocks])


def quantize(
    model: ClipModel,
    pixels: Pixels,
    folder: Path,
    *,
    name: str,
    weights: str,
    min_cosine: float,
    progress: Progress,
) -> Int8Facts:
    """Make the 8-bit model of `model` (float32) in the new folder `folder`; the folder appears whole or not at all.

    Two thirds of `pixels` (n, side, side, 3) set the scales, the rest are held out: their vectors must lie within
    `min_cosine` of float32's. Raises ConflictError `folder-exists` and InvalidInputError `int8-too-coarse` (with what
    was reached).
    """
    calibration, held_out = np.split(pixels, [len(pixels) * 2 // 3])
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".int8-", dir=folder.parent) as scratch:
        made = Path(scratch) / "model"
        made.mkdir()
        _write_model(model, calibration, made, progress)
        facts = Int8Facts(name, weights, _checksum(made), len(calibration), len(held_out), 0.0, 0.0)
        progress(0, len(held_out), unit="images", message="checking")
        cosines = np.einsum("ij,ij->i", model.encode(held_out), Int8Model(made, facts).encode(held_out))
        progress(len(held_out), len(held_out), unit="images", message="checking")
        reached = {"cosine_mean": float(cosines.mean()), "cosine_min": float(cosines.min())}
        if not reached["cosine_min"] >= min_cosine:  # NaN is refused too
            raise InvalidInputError(
                f"in 8 bits the vectors of held-out images come within a cosine of {reached['cosine_min']:.4f} of "
                f"float32's (mean {reached['cosine_mean']:.4f}); {min_cosine} is asked for, so nothing was written",
                code="int8-too-coarse",
                **reached,
            )
        facts = Int8Facts(**(asdict(facts) | reached))
        (made / INT8_FACTS).write_text(json.dumps(asdict(facts), indent=1), "utf-8")
        try:
            made.rename(folder)  # in one step: another process may have made the folder meanwhile
        except OSError as error:
            raise folder_exists() from error
    return facts


def folder_exists() -> ConflictError:
    """Return the error for a folder that is there already."""
    return ConflictError("the folder for the 8-bit model exists already", code="folder-exists")


class _Batches:
    """Calibration images in batches; NNCF goes through them several times."""

    def __init__(self, pixels: Pixels, progress: Progress) -> None:
        self._pixels, self._progress = pixels, progress

    def __len__(self) -> int:
        return math.ceil(len(self._pixels) / _CALIBRATION_BATCH)

    def __iter__(self) -> Iterator[Pixels]:
        total = len(self._pixels)
        for start in range(0, total, _CALIBRATION_BATCH):
            self._progress(start, total, unit="images", message="calibrating")
            yield self._pixels[start : start + _CALIBRATION_BATCH]
        self._progress(total, total, unit="images", message="calibrating")


def _write_model(model: ClipModel, calibration: Pixels, folder: Path, progress: Progress) -> None:
    import torch

    with _quiet_openvino() as openvino:
        import nncf

        logging.getLogger("nncf").setLevel(logging.ERROR)  # its import sets it to INFO
        fast = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)  # its fused operator cannot be traced
        try:
            traced = openvino.convert_model(
                model.tower,
                example_input=torch.from_numpy(calibration[:2]),
                input=[-1, *calibration.shape[1:]],
            )
        finally:
            torch.backends.mha.set_fastpath_enabled(fast)
        batches = _Batches(calibration, progress)
        made = nncf.quantize(
            traced,
            nncf.Dataset(batches),
            subset_size=len(batches),
            model_type=nncf.ModelType.TRANSFORMER,
        )
        openvino.save_model(made, folder / _MODEL)


def _checksum(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in (folder / _MODEL, (folder / _MODEL).with_suffix(".bin")):
        try:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except FileNotFoundError:
            digest.update(b"missing")
    return digest.hexdigest()


@contextlib.contextmanager
def _quiet_openvino() -> Generator[Any]:
    """Yield the package openvino: it and NNCF report no usage to their makers and write no bars and hints.

    Both go on without their telemetry package where it cannot be imported.
    """
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # Python's way to bar an import
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        import openvino

        yield openvino
