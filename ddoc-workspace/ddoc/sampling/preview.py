"""What a sample would leave: kept and dropped per class and split, with examples of both."""

from typing import Any

from ddoc.dataset.dataset import Dataset
from ddoc.sampling.request import Sample

_EXAMPLES = 12


def preview(dataset: Dataset, made: Sample) -> dict[str, Any]:
    """Return `{classes: {name: {kept, dropped}}, splits: {name: {kept, dropped}}, kept_examples, dropped_examples}`.

    Counts are of annotations per class and of items per split, over the pool; examples are item ids, the kept ones
    best first, the dropped ones spread evenly over the rest.
    """
    pool = dataset.index.ids(made.request.pool)
    kept = set(made.item_ids)
    classes: dict[str, dict[str, int]] = {}
    in_pool = set(pool)
    table = dataset.index.classes_table()
    for item_id, name, count in zip(*(c.to_pylist() for c in table.columns), strict=True):
        if item_id in in_pool:
            row = classes.setdefault(name, {"kept": 0, "dropped": 0})
            row["kept" if item_id in kept else "dropped"] += count
    splits: dict[str, dict[str, int]] = {}
    items = dataset.index.items_table(made.request.pool)
    for item_id, split in zip(
        items.column("item_id").to_pylist(), items.column("split").to_pylist(), strict=True
    ):
        row = splits.setdefault(split, {"kept": 0, "dropped": 0})
        row["kept" if item_id in kept else "dropped"] += 1
    dropped = [item_id for item_id in pool if item_id not in kept]
    step = max(1, len(dropped) // _EXAMPLES)
    return {
        "classes": dict(sorted(classes.items())),
        "splits": dict(sorted(splits.items())),
        "kept_examples": list(made.item_ids[:_EXAMPLES]),
        "dropped_examples": dropped[::step][:_EXAMPLES],
    }
