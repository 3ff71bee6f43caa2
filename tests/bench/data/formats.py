"""Formats against Datumaro: reading, writing with and without media, ingest; medians of interleaved runs.

    python -m tests.bench.data.formats [--images 10000] [--boxes 5] [--runs 5] [--work FOLDER] [--peer-venv FOLDER]

Datumaro is a peer, not a dependency: it is installed into a virtual environment of its own outside the repository.
Each measurement is a fresh process; imports are not counted. "Reading" takes annotations into the model, ours with
the header of every image. Writing starts from a dataset in memory; "media" is by hard link for us. Both work on an XFS
file system in a file where that can be mounted, else in FOLDER or the temporary folder; the table names it. Prints a
markdown table and the largest resident set of our processes.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[3]
PEER = "datumaro"
PEER_FORMATS = {"coco": "coco_instances", "yolo": "yolo", "voc": "voc_detection"}
SOURCES = ("coco", "yolo", "voc")


def make_source(folder: Path, images: int, boxes: int) -> None:
    """Make a COCO set of distinct JPEGs (160×120) with whole and decimal boxes, and the same in YOLO and VOC."""
    import cv2
    import numpy as np

    rng = np.random.default_rng(7)
    pictures = folder / "coco" / "images" / "train"
    pictures.mkdir(parents=True)
    (folder / "coco" / "annotations").mkdir()
    base = [
        cv2.imencode(".jpg", cv2.resize(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8), (160, 120)))[
            1
        ].tobytes()
        for _ in range(64)
    ]
    rows: list[dict[str, Any]] = []
    names = [f"image_{i:06d}.jpg" for i in range(images)]
    for i, name in enumerate(names):
        comment = f"picture {i:08d}".encode()
        segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
        data = base[i % len(base)]
        (pictures / name).write_bytes(data[:2] + segment + data[2:])
        for at in range(boxes):
            x, y = (
                round(float(rng.uniform(0, 100)), 2 * (at % 2)),
                round(float(rng.uniform(0, 70)), 2 * (at % 2)),
            )
            w, h = (
                round(float(rng.uniform(5, 60)), 2 * (at % 2)),
                round(float(rng.uniform(5, 50)), 2 * (at % 2)),
            )
            rows.append(
                {
                    "id": len(rows) + 1,
                    "image_id": i + 1,
                    "category_id": int(rng.integers(1, 11)),
                    "bbox": [x, y, w, h],
                    "area": w * h,
                    "iscrowd": 0,
                    "segmentation": [],
                }
            )
    document = {
        "images": [{"id": i, "file_name": n, "width": 160, "height": 120} for i, n in enumerate(names, 1)],
        "annotations": rows,
        "categories": [{"id": i, "name": f"class_{i}"} for i in range(1, 11)],
    }
    (folder / "coco" / "annotations" / "instances_train.json").write_text(json.dumps(document))


def our_dataset(folder: Path) -> tuple[Any, list[Any]]:
    """Read a source with ddoc: (info, items ready for export)."""
    from ddoc.dataset.items import DatasetInfo
    from ddoc.formats import ExportItem, detect
    from ddoc.formats.tree import scan_tree
    from ddoc.reports import Report

    report = Report()
    tree = scan_tree(folder, report)
    source = detect(tree).read(tree, report)
    items = [
        ExportItem(i.image, i.name, i.split, i.width, i.height, i.annotations, i.extra) for i in source.items
    ]
    return DatasetInfo("bench", "detect", source.classes.names, ("train",), dict(source.origin)), items


def our_step(step: str, form: str, source: Path, target: Path) -> tuple[float, int]:
    """Run one of our steps; returns (seconds, boxes seen)."""
    from ddoc.execution_local import LocalExecutor
    from ddoc.formats.export import export
    from ddoc.formats.ingest import ingest

    if step == "read":
        start = time.perf_counter()
        _, items = our_dataset(source / form)
        return time.perf_counter() - start, sum(len(i.annotations or ()) for i in items)
    if step == "ingest":
        start = time.perf_counter()
        with LocalExecutor() as executor:  # as the service does it, its start counted
            result = ingest(source / form, target, name="bench", executor=executor)
        return time.perf_counter() - start, result.annotations
    info, items = our_dataset(source / "coco")
    start = time.perf_counter()
    export(items, info, format=form, target=target, include_images=step == "write+media")
    return time.perf_counter() - start, sum(len(i.annotations or ()) for i in items)


def peer_step(step: str, form: str, source: Path, target: Path) -> tuple[float, int]:
    """Run one of Datumaro's steps; returns (seconds, boxes seen)."""
    from datumaro import Dataset  # pyright: ignore[reportMissingImports]

    start = time.perf_counter()
    kind = form if step in {"read", "ingest"} else "coco"
    dataset = Dataset.import_from(str(source / f"peer-{kind}"), PEER_FORMATS[kind])
    boxes = sum(len(item.annotations) for item in dataset)
    if step == "read":
        return time.perf_counter() - start, boxes
    if step == "ingest":
        dataset.export(str(target), "yolo", save_media=True)
        return time.perf_counter() - start, boxes
    start = time.perf_counter()
    dataset.export(str(target), PEER_FORMATS[form], save_media=step == "write+media")
    return time.perf_counter() - start, boxes


def run_step(python: Path, side: str, step: str, form: str, source: Path) -> dict[str, Any]:
    """Run one step in a fresh process; returns {seconds, boxes, mb}."""
    with tempfile.TemporaryDirectory(dir=source.parent) as scratch:
        target = Path(scratch) / "out"
        command = [str(python), __file__, "--step", side, step, form, str(source), str(target)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{side} {step} {form}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def worker(side: str, step: str, form: str, source: str, target: str) -> None:
    """Run one step in this process and print its result."""
    sys.path.insert(0, str(REPOSITORY / "ddoc-workspace"))
    runner: Callable[[str, str, Path, Path], tuple[float, int]] = our_step if side == "ours" else peer_step
    seconds, boxes = runner(step, form, Path(source), Path(target))
    print(json.dumps({"seconds": seconds, "boxes": boxes, "mb": peak_mb()}))


def peak_mb() -> float:
    """Return the largest resident set of this process alone (`ru_maxrss` would count its parent's, before exec)."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def prepare(folder: Path, peer: Path, images: int, boxes: int) -> None:
    """Make the sources once: COCO by us, YOLO and VOC of it by each side's own writer."""
    make_source(folder, images, boxes)
    (folder / "peer-coco").symlink_to(folder / "coco")
    sys.path.insert(0, str(REPOSITORY / "ddoc-workspace"))
    from ddoc.formats.export import export

    info, items = our_dataset(folder / "coco")
    plain = [type(i)(i.image, i.name, i.split, i.width, i.height, _plain(i.annotations)) for i in items]
    for form in ("yolo", "voc"):
        export(plain, info, format=form, target=folder / form)
        script = (
            "import sys; from datumaro import Dataset; "
            "Dataset.import_from(sys.argv[1], 'coco_instances').export(sys.argv[2], sys.argv[3], save_media=True)"
        )
        arguments = [str(folder / "peer-coco"), str(folder / f"peer-{form}"), PEER_FORMATS[form]]
        subprocess.run([str(peer), "-c", script, *arguments], check=True, capture_output=True)
    for sidecar in (folder / "yolo").rglob("*.json"):
        sidecar.unlink()


def _plain(annotations: Any) -> Any:
    return tuple(type(a)(a.class_name, a.box) for a in annotations)


def peer_python(folder: Path) -> Path:
    """Return the interpreter of the environment with Datumaro, made on first use."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", PEER], check=True)
    return python


def measure(source: Path, peer: Path, runs: int, only: list[str]) -> list[dict[str, Any]]:
    """Run every step (or those of `only`, like `write:yolo`) of both sides in turn; returns a row each."""
    steps = [("read", form, 2.0) for form in SOURCES]
    steps += [("write", form, 2.0) for form in SOURCES]
    steps += [("write+media", form, 4.0) for form in SOURCES]
    steps += [("ingest", "coco", 2.0)]
    rows: list[dict[str, Any]] = []
    for step, form, wanted in (s for s in steps if not only or f"{s[0]}:{s[1]}" in only):
        ours, theirs = [], []
        for _ in range(runs):
            ours.append(run_step(Path(sys.executable), "ours", step, form, source))
            theirs.append(run_step(peer, "peer", step, form, source))
        mine = statistics.median(r["seconds"] for r in ours)
        other = statistics.median(r["seconds"] for r in theirs)
        row = {
            "step": step,
            "format": form,
            "ours": mine,
            "peer": other,
            "ratio": other / mine,
            "wanted": wanted,
        }
        row |= {"mb": max(r["mb"] for r in ours), "boxes": (ours[0]["boxes"], theirs[0]["boxes"])}
        rows.append(row)
        print(row, file=sys.stderr, flush=True)
    return rows


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--boxes", type=int, default=5, help="per image")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=[], help="steps such as write:yolo")
    parser.add_argument("--work", type=Path, default=None, help="scratch folder, on the disk to measure")
    parser.add_argument("--peer-venv", type=Path, default=Path.home() / ".cache" / "ddoc-bench" / PEER)
    parser.add_argument("--step", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        worker(*options.step)
        return
    from tests.bench.disks import file_system  # not in the steps, which the peer's Python runs as a script

    peer = peer_python(options.peer_venv)
    with file_system(options.work, 4) as (work, disk):
        source = work / "source"
        source.mkdir()
        prepare(source, peer, options.images, options.boxes)
        rows = measure(source, peer, options.runs, options.only)
    print(
        f"{options.images:,} images, {options.images * options.boxes:,} boxes, {disk}, median of {options.runs}\n"
    )
    print("| step | format | ddoc s | Datumaro s | ratio | wanted | ddoc peak MB |")
    print("|---|---|---|---|---|---|---|")
    for r in rows:
        print(
            f"| {r['step']} | {r['format']} | {r['ours']:.2f} | {r['peer']:.2f} | {r['ratio']:.1f}× "
            f"| {r['wanted']:.0f}× | {r['mb']:.0f} |"
        )


if __name__ == "__main__":
    main()
