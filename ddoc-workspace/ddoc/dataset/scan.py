"""Finding what changed under `data/`: a walk that only stats, then reading of what is new.

Known files are recognised by (path, size, mtime, inode), so a scan of an unchanged set opens no image. What a file
is made of is read by a pure function over chunks, which any executor may run.
"""

import os
import time
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ddoc.dataset.images import IMAGE_SUFFIXES, average_color, probe_image
from ddoc.dataset.info import read_info
from ddoc.dataset.items import Annotation, Box, DatasetInfo
from ddoc.dataset.labels import label_paths, read_labels
from ddoc.dataset.schema import KINDS, SCAN_SCHEMA, Table
from ddoc.errors import DdocError, InvalidInputError
from ddoc.execution import Executor, SerialExecutor, WorkerDied
from ddoc.hashing import md5_file
from ddoc.ids import item_id_of
from ddoc.paths import Layout
from ddoc.progress import Progress, no_progress

CHUNK = 64
_RACY_NS = 20_000_000
_NO_SIGNATURE = 0
_KIND_NUMBER = {kind: number for number, kind in enumerate(KINDS)}

FOUND_SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        ("bytes", pa.int64()),
        ("mtime_ns", pa.int64()),
        ("inode", pa.int64()),
        ("label_sig", pa.int64()),
    ]
)


@dataclass(frozen=True, slots=True)
class Found:
    """An image file as stat sees it; `label_sig` sums up the stat of its two label files (0: neither exists)."""

    path: str
    bytes: int
    mtime_ns: int
    inode: int
    label_sig: int


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the bytes of an image: reading them again would give the same. `color` < 0: unreadable."""

    content_hash: str
    width: int
    height: int
    color: int


@dataclass(frozen=True, slots=True)
class ScanChunk:
    """A piece of work: images to read, with what is known of their bytes."""

    data: str
    info: DatasetInfo
    files: tuple[tuple[Found, Known | None], ...]


def split_path(path: str, *, classify: bool) -> tuple[str, str]:
    """Return (split, name) of an image path `images/<split>/…`.

    The name is the NFC path below the split, in a classification set without the class folder.
    """
    _, split, rest = path.split("/", 2)
    if classify and "/" in rest:
        rest = rest.split("/", 1)[1]
    return split, unicodedata.normalize("NFC", rest)


def walk(data: Path) -> Table:
    """Return every image below `data/images` with its stat (FOUND_SCHEMA), in order of folders and names.

    Links, hidden files and files without an image's suffix are left out.
    """
    batches: list[Table] = []
    images = data / "images"
    if not images.is_dir():
        return FOUND_SCHEMA.empty_table()
    for folder in _folders(images):
        relative = folder.relative_to(data).as_posix()
        rows = _folder_rows(folder, relative, data)
        if rows:
            batches.append(_found_batch(rows))
    return pa.Table.from_batches(batches, schema=FOUND_SCHEMA)


def _folders(images: Path) -> Iterator[Path]:
    """Yield every folder below a split, the splits themselves included, links left out."""
    stack = sorted((p for p in images.iterdir() if _is_open_folder(p)), reverse=True)
    while stack:
        folder = stack.pop()
        yield folder
        with os.scandir(folder) as entries:
            inner = [Path(e.path) for e in entries if e.is_dir(follow_symlinks=False) and e.name[0] != "."]
        stack.extend(sorted(inner, reverse=True))


def _is_open_folder(path: Path) -> bool:
    return not path.name.startswith(".") and path.is_dir() and not path.is_symlink()


def _folder_rows(folder: Path, relative: str, data: Path) -> list[Found]:
    labels = data / "labels" / relative.removeprefix("images/")
    signatures = _label_signatures(labels)
    racy = time.time_ns() - _RACY_NS
    rows: list[Found] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if not _is_image(entry.name) or not entry.is_file(follow_symlinks=False):
                continue
            stat = entry.stat(follow_symlinks=False)
            stem = entry.name.rsplit(".", 1)[0]
            rows.append(_found(f"{relative}/{entry.name}", stat, signatures.get(stem, _NO_SIGNATURE), racy))
    rows.sort(key=lambda row: row.path)
    return rows


def _is_image(name: str) -> bool:
    dot = name.rfind(".")
    return dot > 0 and name[0] != "." and name[dot:].lower() in IMAGE_SUFFIXES


def _found(path: str, stat: os.stat_result, signature: int, racy: int) -> Found:
    # A file written in this very moment may change again within one tick of its clock: it is read again next time.
    mtime = stat.st_mtime_ns if stat.st_mtime_ns < racy else -1
    return Found(path, stat.st_size, mtime, stat.st_ino, signature)


def _label_signatures(folder: Path) -> dict[str, int]:
    """Return, per stem, a number that changes when its .txt or .json does."""
    signatures: dict[str, int] = {}
    racy = time.time_ns() - _RACY_NS
    try:
        entries = os.scandir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return signatures
    with entries:
        for entry in entries:
            stem, dot, suffix = entry.name.rpartition(".")
            if dot and suffix in {"txt", "json"} and entry.is_file(follow_symlinks=False):
                stat = entry.stat(follow_symlinks=False)
                signatures[stem] = signatures.get(stem, _NO_SIGNATURE) ^ _signature(suffix, stat, racy)
    return signatures


def _signature(suffix: str, stat: os.stat_result, racy: int) -> int:
    mtime = stat.st_mtime_ns if stat.st_mtime_ns < racy else -1
    mixed = hash((suffix == "txt", stat.st_size, mtime, stat.st_ino))
    return mixed or 1


def stat_paths(data: Path, paths: Iterable[str]) -> Iterator[tuple[str, Found | None]]:
    """Yield (path, its stat or None where there is no image), for paths relative to `data/`."""
    racy = time.time_ns() - _RACY_NS
    for path in paths:
        try:
            stat = os.lstat(f"{data}/{path}")
        except (FileNotFoundError, NotADirectoryError):
            yield path, None
            continue
        signature = _NO_SIGNATURE
        for label in label_paths(path):
            try:
                labels = os.lstat(f"{data}/{label}")
            except (FileNotFoundError, NotADirectoryError):
                continue
            signature ^= _signature(label.rpartition(".")[2], labels, racy)
        yield path, _found(path, stat, signature, racy)


def scan_changes(
    root: Path, known: Table, *, executor: Executor | None = None, progress: Progress = no_progress
) -> Table:
    """Return what differs between `data/` and `known` (KNOWN_COLUMNS of the index), as SCAN_SCHEMA.

    Rows whose file only moved keep their hash, size and colour without being read. A file that kills its reader
    is listed with the issue `unreadable-image`.
    """
    data = Layout(root).data
    info = read_info(data)
    found = walk(data)
    changed, gone = _compare(found, known)
    reuse = _reusable(changed, known)
    files = [(f, reuse.get((f.inode, f.bytes, f.mtime_ns))) for f in _rows(changed)]
    tables = [_table([gone_row(path, info) for path in gone])]
    tables.extend(read_files(data, info, files, executor=executor or SerialExecutor(), progress=progress))
    return pa.concat_tables(tables)


def read_files(
    data: Path,
    info: DatasetInfo,
    files: Sequence[tuple[Found, Known | None]],
    *,
    executor: Executor,
    progress: Progress = no_progress,
) -> Iterator[Table]:
    """Yield SCAN_SCHEMA tables for `files`, chunk by chunk."""
    chunks = [
        ScanChunk(str(data), info, tuple(files[start : start + CHUNK]))
        for start in range(0, len(files), CHUNK)
    ]
    done = 0
    progress(done, len(files))
    for position, result in executor.map(read_chunk, chunks):
        table = _read_one_by_one(chunks[position], executor) if isinstance(result, WorkerDied) else result
        done += len(chunks[position].files)
        progress(done, len(files))
        yield table


def _read_one_by_one(chunk: ScanChunk, executor: Executor) -> Table:
    singles = [ScanChunk(chunk.data, chunk.info, (file,)) for file in chunk.files]
    tables: list[Table] = []
    for position, result in executor.map(read_chunk, singles):
        if isinstance(result, WorkerDied):
            found = singles[position].files[0][0]
            tables.append(_table([_row(found, chunk.info, _broken("unreadable-image", "its reader died"))]))
        else:
            tables.append(result)
    return pa.concat_tables(tables)


def read_chunk(chunk: ScanChunk) -> Table:
    """Read the images and labels of a chunk. Pure: the same files give the same table (SCAN_SCHEMA)."""
    data = Path(chunk.data)
    rows: list[dict[str, Any]] = []
    for found, known in chunk.files:
        try:
            rows.append(_read(data, chunk.info, found, known))
        except FileNotFoundError:
            rows.append(gone_row(found.path, chunk.info))
    return _table(rows)


def _read(data: Path, info: DatasetInfo, found: Found, known: Known | None) -> dict[str, Any]:
    contents = _contents(data / found.path) if known is None or known.color < 0 else _of_known(known)
    row = _row(found, info, contents)
    try:
        labels = read_labels(data, found.path, info=info, width=row["width"], height=row["height"])
    except DdocError as error:
        row["issues"].append({"code": error.error_code, "detail": error.detail})
        return row
    row["annotated"] = labels.annotations is not None
    row["annotations"] = [_annotation(a) for a in labels.annotations or ()]
    row["issues"].extend({"code": code, "detail": detail} for code, detail in labels.issues)
    return row


def _of_known(known: Known) -> dict[str, Any]:
    return {
        "content_hash": known.content_hash,
        "width": known.width,
        "height": known.height,
        "color": known.color,
        "issues": [],
    }


def _contents(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = {
        "content_hash": md5_file(path),
        "width": 0,
        "height": 0,
        "color": -1,
        "issues": [],
    }
    try:
        header = probe_image(path)
        values["width"], values["height"] = header.width, header.height
        values["color"] = average_color(path)
    except InvalidInputError as error:
        values["issues"].append({"code": error.error_code, "detail": error.detail})
    return values


def _broken(code: str, detail: str) -> dict[str, Any]:
    issues = [{"code": code, "detail": detail}]
    return {"content_hash": "", "width": 0, "height": 0, "color": -1, "issues": issues}


def _row(found: Found, info: DatasetInfo, contents: Mapping[str, Any]) -> dict[str, Any]:
    split, name = split_path(found.path, classify=info.task == "classify")
    return {
        "path": found.path,
        "present": True,
        "name": name,
        "split": split,
        "iid": int(item_id_of(name), 16),
        "bytes": found.bytes,
        "mtime_ns": found.mtime_ns,
        "inode": found.inode,
        "label_sig": found.label_sig,
        "annotated": False,
        "annotations": [],
        **contents,
    }


def _annotation(annotation: Annotation) -> dict[str, Any]:
    box = annotation.box or _bounds(annotation)
    values: dict[str, Any] = {"class_name": annotation.class_name, "kind": _KIND_NUMBER[annotation.kind]}
    if box is not None:
        values |= {"x1": box.x1, "y1": box.y1, "x2": box.x2, "y2": box.y2}
    return values


def _bounds(annotation: Annotation) -> Box | None:
    xs = [x for ring in annotation.polygons for x in ring[0::2]]
    ys = [y for ring in annotation.polygons for y in ring[1::2]]
    return Box(min(xs), min(ys), max(xs), max(ys)) if xs and ys else None


def _table(rows: list[dict[str, Any]]) -> Table:
    return pa.Table.from_pylist(rows, schema=SCAN_SCHEMA)


def gone_row(path: str, info: DatasetInfo) -> dict[str, Any]:
    """Return the row of SCAN_SCHEMA that says that nothing is at `path` any more."""
    _, name = split_path(path, classify=info.task == "classify")
    return {"path": path, "present": False, "iid": int(item_id_of(name), 16)}


def _found_batch(rows: Sequence[Found]) -> Table:
    columns = [
        pa.array([getattr(row, name) for row in rows], FOUND_SCHEMA.field(name).type)
        for name in FOUND_SCHEMA.names
    ]
    return pa.RecordBatch.from_arrays(columns, schema=FOUND_SCHEMA)


def _rows(table: Table) -> Iterator[Found]:
    for batch in table.to_batches(max_chunksize=10_000):
        for row in batch.to_pylist():
            yield Found(**row)


def _compare(found: Table, known: Table) -> tuple[Table, list[str]]:
    """Return (found rows that the index does not hold as they are, known paths that are gone)."""
    keys = ["path", "bytes", "mtime_ns", "inode", "label_sig"]
    changed = found.join(known.select(keys), keys=keys, join_type="left anti") if known.num_rows else found
    gone = known.select(["path"]).join(found.select(["path"]), keys="path", join_type="left anti")
    return changed.sort_by("path"), gone.column("path").to_pylist()


def _reusable(changed: Table, known: Table) -> dict[tuple[int, int, int], Known]:
    """Return what is known of the bytes of changed rows, by (inode, size, mtime)."""
    if not changed.num_rows or not known.num_rows:
        return {}
    mine = known.filter(
        pc.call_function(
            "is_in", [known.column("inode")], pc.SetLookupOptions(changed.column("inode").combine_chunks())
        )
    )
    return {
        (row["inode"], row["bytes"], row["mtime_ns"]): Known(
            row["content_hash"], row["width"], row["height"], row["color"]
        )
        for row in mine.to_pylist()
        if row["mtime_ns"] >= 0
    }
