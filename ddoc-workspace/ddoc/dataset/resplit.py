"""Dividing a whole set anew: stratified, grouped, stable under growth, with frozen splits."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse

from ddoc.dataset.dataset import Dataset
from ddoc.dataset.planning import check_split
from ddoc.dataset.schema import Table
from ddoc.dataset.stratify import Labels, part_sizes, stratify
from ddoc.errors import InvalidInputError

GroupBy = Literal["none", "duplicates", "folder", "prefix"]
GROUPINGS: tuple[GroupBy, ...] = ("none", "duplicates", "folder", "prefix")
SMALL, LARGE = 32.0**2, 96.0**2
_COUNTER = re.compile(r"[-_. ]*\d+$")


@dataclass(frozen=True, slots=True)
class SplitRequest:
    """How to divide.

    `ratios` are the shares per split (any positive numbers). `stratified` keeps the shares of classes and box sizes.
    `group_by` keeps items together that are near-duplicates, lie in one folder, or share a file name up to its
    number. `stable` decides by a hash of the content: items that are added later never move the others, at the
    price of sizes that are right only on average. Items of `frozen` splits stay where they are.
    """

    ratios: Mapping[str, float]
    stratified: bool = True
    group_by: GroupBy = "none"
    stable: bool = False
    frozen: tuple[str, ...] = field(default=())
    seed: int = 0

    def __post_init__(self) -> None:
        for name, ratio in self.ratios.items():
            check_split(name, pointer="/ratios")
            if not ratio > 0 or ratio == float("inf"):
                raise InvalidInputError(
                    "a ratio is a positive number", code="invalid-ratio", pointer="/ratios"
                )
        if not any(name not in self.frozen for name in self.ratios):
            raise InvalidInputError("every split is frozen", code="invalid-ratio", pointer="/ratios")
        if self.group_by not in GROUPINGS:
            raise InvalidInputError(
                f"group_by is one of {', '.join(GROUPINGS)}", code="invalid-grouping", pointer="/group_by"
            )


def assign_splits(dataset: Dataset, request: SplitRequest) -> dict[str, str]:
    """Return item id → split for every item that is not in a frozen split."""
    table = dataset.index.values_table()
    frozen = np.isin(np.array(table.column("split").to_pylist(), object), list(request.frozen))
    table = table.filter(pa.array(~frozen))
    if table.num_rows == 0:
        return {}
    names = [name for name in request.ratios if name not in request.frozen]
    shares = [float(request.ratios[name]) for name in names]
    groups = _groups(dataset, table, request.group_by)
    keys = _keys(table, groups, request.seed)
    if request.stable:
        parts = _by_hash(keys, shares)[groups]
    else:
        parts = _balanced(dataset, table, groups, keys, shares, stratified=request.stratified)[groups]
    ids = table.column("item_id").to_pylist()
    return {item_id: names[part] for item_id, part in zip(ids, parts.tolist(), strict=True)}


def _groups(dataset: Dataset, table: Table, group_by: GroupBy) -> npt.NDArray[np.int64]:
    """Return the number of the group that each row belongs to, 0 … groups − 1."""
    if group_by == "none":
        return np.arange(table.num_rows)
    if group_by == "duplicates":
        keys = table.column("content_hash").to_pylist()
        if "duplicate_group" in table.column_names:
            near = table.column("duplicate_group").to_pylist()
            return _connected([f"#{g}" if g is not None else None for g in near], keys)
        return _numbered(keys)
    known = dataset.index.items_table()
    names = dict(zip(known.column("item_id").to_pylist(), known.column("name").to_pylist(), strict=True))
    key_of = _folder_key if group_by == "folder" else _prefix_key
    return _numbered([key_of(names[i]) for i in table.column("item_id").to_pylist()])


def _connected(near: list[str | None], hashes: list[str]) -> npt.NDArray[np.int64]:
    """Return the connected components of "in one near-duplicate group" or "of equal content"."""
    by_hash: dict[str, str] = {}
    for group, content in zip(near, hashes, strict=True):
        if group is not None:
            by_hash.setdefault(content, group)
    return _numbered([by_hash.get(content, content) for content in hashes])


def _numbered(keys: list[str]) -> npt.NDArray[np.int64]:
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)


def _folder_key(name: str) -> str:
    folder = str(PurePosixPath(name).parent)
    return name if folder == "." else f"{folder}/"


def _prefix_key(name: str) -> str:
    path = PurePosixPath(name)
    prefix = _COUNTER.sub("", path.stem)
    return str(path.parent / (prefix or path.stem))


def _keys(table: Table, groups: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.uint64]:
    """Return a number per group from the least content hash in it and the seed: it does not depend on other items."""
    count = int(groups.max()) + 1
    least: list[str] = ["~"] * count
    for group, content in zip(groups.tolist(), table.column("content_hash").to_pylist(), strict=True):
        least[group] = min(least[group], content)
    salt = str(seed).encode()
    digests = (hashlib.blake2b(key.encode(), digest_size=8, key=salt[:64]).digest() for key in least)
    return np.array([int.from_bytes(digest, "big") for digest in digests], np.uint64)


def _by_hash(keys: npt.NDArray[np.uint64], shares: list[float]) -> npt.NDArray[np.int32]:
    bounds = np.cumsum(shares) / sum(shares)
    return np.searchsorted(bounds[:-1], keys / float(1 << 64), side="right").astype(np.int32)


def _balanced(
    dataset: Dataset,
    table: Table,
    groups: npt.NDArray[np.int64],
    keys: npt.NDArray[np.uint64],
    shares: list[float],
    *,
    stratified: bool,
) -> npt.NDArray[np.int32]:
    """Return the part of each group, with sizes as exact as the groups allow."""
    count = int(groups.max()) + 1
    order = np.argsort(np.argsort(keys, kind="stable"), kind="stable").astype(np.int64)
    labels = label_matrix(dataset, table.column("item_id").to_pylist()) if stratified else None
    if count == table.num_rows:
        if labels is None:
            labels = sparse.csr_array((count, 1), dtype=np.int32)
        return stratify(labels, part_sizes(count, shares), order=order)
    return _deal_groups(groups, order, labels, shares)


def _deal_groups(
    groups: npt.NDArray[np.int64],
    order: npt.NDArray[np.int64],
    labels: Labels | None,
    shares: list[float],
) -> npt.NDArray[np.int32]:
    """Deal whole groups, large ones first, each to the part that lacks items and labels most."""
    sizes = np.bincount(groups)
    wanted = np.asarray(shares) / sum(shares)
    if labels is None:
        labels = sparse.csr_array((len(groups), 1), dtype=np.int32)
    member = sparse.csr_array((np.ones(len(groups)), (groups, np.arange(len(groups)))))
    per_group = (member @ (labels > 0).astype(np.float64)).tocsr()
    totals = np.asarray(per_group.sum(axis=0)).ravel()
    lacking = np.outer(np.concatenate([totals, [len(groups)]]), wanted)
    scale = 1.0 / np.maximum(np.concatenate([totals, [len(groups)]]), 1)
    parts = np.empty(len(sizes), np.int32)
    for group in np.lexsort((order, -sizes)).tolist():
        start, end = per_group.indptr[group], per_group.indptr[group + 1]
        columns = np.append(per_group.indices[start:end], len(totals))
        amounts = np.append(per_group.data[start:end], sizes[group])
        # what a part gains per label, relative to how much of that label it should have
        need = ((scale[columns] * amounts) @ lacking[columns]) / wanted
        room = lacking[len(totals)] / wanted
        part = int(np.lexsort((-need, room <= 0))[0])
        parts[group] = part
        lacking[columns, part] -= amounts
    return parts


def label_matrix(dataset: Dataset, ids: list[str]) -> Labels:
    """Return (items, classes × box size) with counts: what "the same mix" means for stratification.

    Box sizes are COCO's three (area under 32², up to 96², above); annotations without a box count by class alone.
    Items without annotations have a label of their own, apart for those that are not annotated.
    """
    return labels_of(dataset.index.annotations_table(), dataset.index.items_table(), ids)


def labels_of(annotations: Table, items: Table, ids: list[str]) -> Labels:
    """Return the label matrix from the index's tables; see `label_matrix`."""
    row_of = {item_id: row for row, item_id in enumerate(ids)}
    classes: dict[str, int] = {}
    rows: list[int] = []
    columns: list[int] = []
    areas = _areas(annotations)
    bands = np.where(np.isnan(areas), 1, np.where(areas < SMALL, 0, np.where(areas > LARGE, 2, 1)))
    pairs = zip(
        annotations.column("item_id").to_pylist(),
        annotations.column("class_name").to_pylist(),
        bands.tolist(),
        strict=True,
    )
    for item_id, name, band in pairs:
        row = row_of.get(item_id)
        if row is not None:
            rows.append(row)
            columns.append(3 * classes.setdefault(name, len(classes)) + band)
    base = 3 * len(classes)
    empty = (items.column(n).to_pylist() for n in ("item_id", "annotated", "annotation_count"))
    for item_id, annotated, count in zip(*empty, strict=True):
        row = row_of.get(item_id)
        if row is not None and count == 0:
            rows.append(row)
            columns.append(base + int(annotated))
    data = np.ones(len(rows), np.int32)
    return sparse.csr_array((data, (rows, columns)), shape=(len(ids), base + 2))


def _areas(annotations: Table) -> npt.NDArray[np.float64]:
    x1, y1, x2, y2 = (
        annotations.column(name).to_numpy().astype(np.float64) for name in ("x1", "y1", "x2", "y2")
    )
    return (x2 - x1) * (y2 - y1)
