"""Files of an export, written by this process or by one beside it: the same files, and the same errors."""

import errno
import os
from pathlib import Path

import pytest

from ddoc.dataset.items import Annotation, Box, DatasetInfo
from ddoc.errors import UnavailableError
from ddoc.formats import ExportItem, output, write_worker
from ddoc.formats.export import export
from ddoc.formats.output import OutputFolder

FILES = 1_003


@pytest.fixture(params=["here", "beside"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where files are written: in this process, or by a worker from the first batch on."""
    if request.param == "beside":
        monkeypatch.setattr(output, "MANY", 0)
        monkeypatch.setattr(output, "cores", lambda: 2)
    return request.param


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_every_file_is_there_when_the_folder_ends(tmp_path: Path, place: str) -> None:
    image = tmp_path / "그림.jpg"
    image.write_bytes(b"picture")
    with OutputFolder(tmp_path / "out", "linked") as out:
        for number in range(FILES):
            out.write(f"labels/{number % 3}/라벨 {number}.txt", b"line %d\n" % number)
            out.place(image, f"images/{number % 3}/{number}.jpg")
    found = tree(tmp_path / "out")
    assert (out.files, len(found)) == (2 * FILES, 2 * FILES)
    assert out.bytes == sum(map(len, found.values()))
    assert found["labels/1/라벨 4.txt"] == b"line 4\n"
    assert (tmp_path / "out" / "images" / "0" / "3.jpg").stat().st_ino == image.stat().st_ino


def test_an_image_that_cannot_be_linked_is_copied(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second file system")
    image = other / f"ddoc-{tmp_path.name}-{place}.jpg"
    image.write_bytes(b"elsewhere")
    try:
        with OutputFolder(tmp_path / "out", "linked") as out:
            out.place(image, "images/a.jpg")
            out.write("labels/a.txt", b"")
    finally:
        image.unlink()
    assert tree(tmp_path / "out") == {"images/a.jpg": b"elsewhere", "labels/a.txt": b""}
    assert out.bytes == 9


def fill(folder: Path, names: list[str]) -> None:
    with OutputFolder(folder, "linked") as out:
        for name in names:
            out.write(name, b"first")


def test_what_the_disk_refuses_is_raised(tmp_path: Path, place: str) -> None:
    names = [f"{number}.txt" for number in range(2 * FILES)]
    with pytest.raises(OSError, match=os.strerror(errno.EEXIST)) as refused:
        fill(tmp_path, [*names[:700], names[0], *names[700:]])
    assert refused.value.errno == errno.EEXIST


def test_a_worker_that_dies_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dying = tmp_path / "dying.py"
    dying.write_text("import os, sys\nsys.stdin.buffer.read(8)\nos.kill(os.getpid(), 9)\n")
    monkeypatch.setattr(output, "MANY", 0)
    monkeypatch.setattr(output, "cores", lambda: 2)
    monkeypatch.setattr(write_worker, "__file__", str(dying))
    with pytest.raises(UnavailableError):
        fill(tmp_path / "out", [f"{number}.txt" for number in range(FILES)])


@pytest.mark.parametrize("form", ["yolo", "coco", "voc", "csv"])
def test_an_export_is_the_same_bytes_either_way(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = tmp_path / "a.jpg"
    image.write_bytes(b"picture")
    info = DatasetInfo("set", "detect", ("cat", "dog"), ("train", "val"), {})
    items = [
        ExportItem(
            image,
            f"{number:04d}.jpg",
            ("train", "val")[number % 2],
            640,
            480,
            (Annotation("dog" if number % 3 else "cat", Box(number % 90, 5, 200.25, 90)),),
        )
        for number in range(FILES)
    ]
    export(items, info, format=form, target=tmp_path / "here")
    monkeypatch.setattr(output, "MANY", 0)
    monkeypatch.setattr(output, "cores", lambda: 2)
    export(items, info, format=form, target=tmp_path / "beside")
    assert tree(tmp_path / "here") == tree(tmp_path / "beside")
    assert len(tree(tmp_path / "here")) > FILES
