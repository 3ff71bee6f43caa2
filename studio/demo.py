"""The sample pair of the first start: a base of bright shapes, and a target that is darker, blurred and has a new class."""

import io
import zipfile
from collections.abc import Iterator

import httpx
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

CLASSES = ("circle", "square", "triangle")
SIZE = (320, 240)
_BASE = "sample-base"
_TARGET = "sample-target"


def make_demo(backend: str, *, token: str) -> str | None:
    """Upload the pair and compare it, unless there are datasets already. Returns what went wrong, or None."""
    headers = {"Authorization": f"Bearer {token}", "Prefer": "wait=300"}
    try:
        with httpx.Client(base_url=backend, headers=headers, timeout=330, trust_env=False) as client:
            if client.get("/api/datasets", params={"limit": 1}).raise_for_status().json()["total"]:
                return None
            base = _upload(client, _BASE, archive(160, seed=1, shifted=False))
            target = _upload(client, _TARGET, archive(160, seed=2, shifted=True))
            _finished(client.post("/api/drift", json={"base_dataset_id": base, "target_dataset_id": target}))
    except (httpx.HTTPError, DemoFailed) as error:
        return str(error)
    return None


class DemoFailed(Exception):  # noqa: N818 told to the user as a sentence
    """A job of the sample pair did not succeed."""


def _upload(client: httpx.Client, name: str, data: bytes) -> str:
    files = {"file": (f"{name}.zip", data, "application/zip")}
    job = _finished(client.post("/api/datasets", files=files, data={"name": name}))
    return job["result"]["dataset_id"]


def _finished(response: httpx.Response) -> dict[str, dict[str, str]]:
    job = response.raise_for_status().json()
    if job["state"] != "succeeded":
        raise DemoFailed(f"job {job['job_id']} is {job['state']}: {job.get('error')}")
    return job


def archive(count: int, *, seed: int, shifted: bool) -> bytes:
    """Return a zip with `count` images in YOLO layout; `shifted` darkens and blurs a third and adds triangles."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as out:
        names = ", ".join(CLASSES)
        out.writestr("data.yaml", f"train: images/train\nval: images/val\nnc: 3\nnames: [{names}]\n")
        for n, (image, labels) in enumerate(_scenes(count, seed=seed, shifted=shifted)):
            split = "val" if n % 5 == 4 else "train"
            encoded = io.BytesIO()
            image.save(encoded, "JPEG", quality=90)
            out.writestr(f"images/{split}/scene_{n:04d}.jpg", encoded.getvalue())
            out.writestr(f"labels/{split}/scene_{n:04d}.txt", labels)
    return buffer.getvalue()


def _scenes(count: int, *, seed: int, shifted: bool) -> Iterator[tuple[Image.Image, str]]:
    rng = np.random.default_rng(seed)
    width, height = SIZE
    for _ in range(count):
        low, high = rng.integers(90, 160, 3), rng.integers(160, 240, 3)
        ramp = np.linspace(low, high, width)[None] + rng.normal(0, 6, (height, width, 3))
        image = Image.fromarray(np.clip(ramp, 0, 255).astype(np.uint8))
        lines = _shapes(image, rng, kinds=3 if shifted else 2)
        if shifted and rng.random() < 1 / 3:
            image = image.filter(ImageFilter.GaussianBlur(1.6)).point(lambda v: int(v * 0.55))
        yield image, "".join(lines)


def _shapes(image: Image.Image, rng: np.random.Generator, *, kinds: int) -> list[str]:
    draw = ImageDraw.Draw(image)
    width, height = image.size
    lines: list[str] = []
    for _ in range(int(rng.integers(1, 5))):
        kind = int(rng.integers(kinds))
        size = int(rng.integers(24, 80))
        x, y = int(rng.integers(0, width - size)), int(rng.integers(0, height - size))
        color = tuple(int(v) for v in rng.integers(0, 255, 3))
        if kind == 0:
            draw.ellipse((x, y, x + size, y + size), fill=color)
        elif kind == 1:
            draw.rectangle((x, y, x + size, y + size), fill=color)
        else:
            draw.polygon([(x + size // 2, y), (x, y + size), (x + size, y + size)], fill=color)
        lines.append(
            f"{kind} {(x + size / 2) / width:.6f} {(y + size / 2) / height:.6f} "
            f"{size / width:.6f} {size / height:.6f}\n"
        )
    return lines
