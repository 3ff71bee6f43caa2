"""The index: filters, pages, views, histograms, statistics, results, outside changes, many readers."""

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from ddoc.dataset.dataset import Dataset
from ddoc.dataset.edits import Edits
from ddoc.dataset.filters import AttributeRange, Filter, Range, ScoreRange
from ddoc.dataset.info import write_info
from ddoc.dataset.selections import Selection
from ddoc.dataset.state import read_state
from ddoc.errors import ConflictError, InvalidInputError, NotFoundError
from tests.bench.data import synthetic
from tests.fixtures.make_data import make_image, make_root, save_image
from tests.unit.dataset.comparing import contents, rebuilt

N = 3_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dataset]:
    root = tmp_path_factory.mktemp("large")
    synthetic.make_root(root, N)
    with Dataset.open(root, refresh=False) as dataset:
        hashes = dataset.index.items_table().column("content_hash")
        dataset.index.load_attributes(synthetic.attributes_table(hashes))
        dataset.index.load_groups(synthetic.groups_table(hashes))
        dataset.index.load_scores("r1", synthetic.scores_table(hashes))
        yield dataset


def plain_rows(dataset: Dataset) -> list[dict[str, Any]]:
    """Return every item with its classes and results, to be filtered in plain Python."""
    items = dataset.index.items_table().to_pylist()
    values = dataset.index.values_table().to_pylist()
    classes: dict[str, set[str]] = {}
    for row in dataset.index.classes_table().to_pylist():
        classes.setdefault(row["item_id"], set()).add(row["class_name"])
    return [
        {**i, **v, "classes": classes.get(i["item_id"], set())} for i, v in zip(items, values, strict=True)
    ]


def test_classes_are_counted_per_cluster_as_plain_python_counts_them(large: Dataset) -> None:
    values = large.index.values_table()
    of_content = dict(zip(values["content_hash"].to_pylist(), values["cluster"].to_pylist(), strict=True))
    known = {content: cluster for content, cluster in of_content.items() if cluster is not None}
    clusters = pa.table({"content_hash": list(known), "cluster": list(known.values())})
    wanted: dict[int, Counter[str]] = {}
    for row in plain_rows(large):
        if row["cluster"] is not None:
            wanted.setdefault(row["cluster"], Counter()).update(row["classes"])
    found = large.index.class_counts_of_clusters(clusters)
    assert found == {cluster: dict(counts) for cluster, counts in wanted.items() if counts}
    assert all(list(counts.values()) == sorted(counts.values(), reverse=True) for counts in found.values())
    assert large.index.contents_table() == large.index.items_table().select(["item_id", "content_hash"])


CASES = [
    (Filter(), lambda r: True),
    (Filter(split="val"), lambda r: r["split"] == "val"),
    (Filter(class_name="class_03"), lambda r: "class_03" in r["classes"]),
    (Filter(class_names=("class_03", "class_19", "nope")), lambda r: r["classes"] & {"class_03", "class_19"}),
    (Filter(class_names=()), lambda r: False),
    (Filter(has_annotations=False), lambda r: r["annotation_count"] == 0),
    (Filter(annotation_count=Range(2, 4)), lambda r: 2 <= r["annotation_count"] <= 4),
    (Filter(annotation_count=Range(min=9)), lambda r: r["annotation_count"] >= 9),
    (
        Filter(attribute=(AttributeRange("brightness", 0.4, 0.6), AttributeRange("noise", max=0.5))),
        lambda r: np.float32(0.4) <= r["brightness"] <= np.float32(0.6) and r["noise"] <= 0.5,
    ),
    (Filter(drift_score=ScoreRange("r1", 0.9)), lambda r: r["drift_score:r1"] >= np.float32(0.9)),
    (Filter(cluster=7), lambda r: r["cluster"] == 7),
    (Filter(duplicate_group=3), lambda r: r["duplicate_group"] == 3),
    (Filter(text="0012"), lambda r: "0012" in r["name"]),
    (Filter(text=".JPG"), lambda r: True),
    (
        Filter(split="train", class_name="class_00", attribute=(AttributeRange("contrast", 0.2),)),
        lambda r: r["split"] == "train" and "class_00" in r["classes"] and r["contrast"] >= np.float32(0.2),
    ),
    (Filter(class_name="unheard of"), lambda r: False),
]


@pytest.mark.parametrize(
    ("wanted", "test"), CASES, ids=lambda c: str(c.to_json()) if isinstance(c, Filter) else ""
)
def test_a_filter_gives_what_a_plain_loop_gives(large: Dataset, wanted: Filter, test: Any) -> None:
    expected = [r["item_id"] for r in plain_rows(large) if test(r)]
    assert large.index.ids(wanted) == expected
    assert large.index.count(wanted) == len(expected)
    assert Filter.from_json(wanted.to_json()) == wanted
    stats = large.index.statistics(wanted)
    assert stats.items == len(expected)
    split_counts = large.index.histograms(wanted, ["split"])["split"]["values"]
    assert split_counts == dict(stats.splits)


def test_ids_in_a_filter_are_those_ids_that_exist(large: Dataset) -> None:
    ids = large.index.ids()
    wanted = Filter(ids=(ids[5], "f" * 16, ids[2], "not an id"))
    assert large.index.ids(wanted) == [ids[2], ids[5]]
    assert large.index.ids(Filter(ids=())) == []


@pytest.mark.parametrize(
    "sort", [None, "name", "-bytes", "sharpness", "-drift_score:r1", "width", "duplicate_group"]
)
@pytest.mark.parametrize("wanted", [Filter(), Filter(split="val")], ids=["all", "val"])
def test_pages_put_together_are_the_whole_list(large: Dataset, sort: str | None, wanted: Filter) -> None:
    whole = large.index.ids(wanted, sort)
    found: list[str] = []
    cursor = None
    while True:
        page = large.index.page(wanted, sort=sort, limit=233, cursor=cursor)
        found += [item.item_id for item in page.items]
        assert page.total == len(whole)
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert found == whole
    view = large.index.create_view(wanted, sort)
    at = len(whole) // 2
    assert [i.item_id for i in large.index.view_page(view.view_id, offset=at, limit=50).items] == whole[
        at : at + 50
    ]
    assert [i.item_id for i in large.index.page(wanted, sort=sort, offset=at, limit=50).items] == whole[
        at : at + 50
    ]
    assert large.index.view_ids(view.view_id) == whole


def test_an_item_on_a_page_has_its_values(large: Dataset) -> None:
    row = plain_rows(large)[77]
    item = large.index.get(row["item_id"])
    assert (item.name, item.path, item.split, item.content_hash) == (
        row["name"],
        row["path"],
        row["split"],
        row["content_hash"],
    )
    assert set(item.classes) == row["classes"]
    assert item.attributes == {name: row[name] for name in synthetic.ATTRIBUTES}
    scored = large.index.page(Filter(drift_score=ScoreRange("r1", 0)), limit=500).items
    assert scored[77].attributes["drift_score"] == row["drift_score:r1"]


def test_histograms_count_every_item_once(large: Dataset) -> None:
    rows = plain_rows(large)
    for wanted, chosen in (
        (Filter(), rows),
        (Filter(split="train"), [r for r in rows if r["split"] == "train"]),
        (Filter(cluster=3), [r for r in rows if r["cluster"] == 3]),
    ):
        found = large.index.histograms(wanted)
        for name in ("brightness", "bytes", "annotation_count", "drift_score:r1", "outlier"):
            field = found[name]
            assert sum(field["counts"]) + field["missing"] == len(chosen)
            values = np.array([r[name] for r in chosen], float)
            span = (field["min"], field["max"])
            bars = np.minimum(((values - span[0]) * (50 / (span[1] - span[0]))).astype(int), 49)
            assert np.abs(np.bincount(bars, minlength=50) - np.array(field["counts"])).sum() <= 2
        counted = {name: sum(name in r["classes"] for r in chosen) for name in synthetic.CLASSES}
        assert found["class_name"]["values"] == {name: n for name, n in counted.items() if n}
        clusters = {str(c): sum(r["cluster"] == c for r in chosen) for c in range(64)}
        assert found["cluster"]["values"] == {name: n for name, n in clusters.items() if n}


def test_statistics_are_the_sums_of_the_tables(large: Dataset) -> None:
    stats = large.statistics(Filter(split="val"))
    rows = [r for r in plain_rows(large) if r["split"] == "val"]
    boxes = large.index.annotations_table(Filter(split="val"))
    assert stats.bytes == sum(r["bytes"] for r in rows)
    assert stats.annotations == boxes.num_rows == stats.box_size["boxes"]
    names = pc.value_counts(boxes.column("class_name")).to_pylist()
    assert stats.by_split["val"] == {n["values"]: n["counts"] for n in names}
    area = np.array([(b["x2"] - b["x1"]) * (b["y2"] - b["y1"]) for b in boxes.to_pylist()], np.float32)
    assert abs(stats.box_size["small"] - int((area < 32**2).sum())) <= 1
    assert abs(stats.box_size["large"] - int((area > 96**2).sum())) <= 1
    assert sum(s["boxes"] for s in stats.box_size["sides"]) == len(area)
    assert set(stats.to_json()) == {
        "items", "annotations", "bytes", "splits", "classes", "by_split",
        "image_size", "box_size", "unlabelled", "backgrounds", "issues",
    }  # fmt: skip
    assert stats.backgrounds == sum(r["annotation_count"] == 0 for r in rows)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda i: i.ids(Filter(attribute=(AttributeRange("beauty", 0),))), "unknown-field"),
        (lambda i: i.ids(Filter(drift_score=ScoreRange("nope", 0))), "unknown-field"),
        (lambda i: i.ids(Filter(annotation_count=Range(3, 1))), "invalid-range"),
        (lambda i: i.ids(Filter(annotation_count=Range(float("nan")))), "invalid-range"),
        (lambda i: i.page(sort="beauty"), "unknown-field"),
        (lambda i: i.page(limit=0), "invalid-limit"),
        (lambda i: i.page(limit=501), "invalid-limit"),
        (lambda i: i.page(cursor="???"), "invalid-cursor"),
        (lambda i: i.page(sort="name", cursor=i.page(limit=1).next_cursor), "invalid-cursor"),
        (lambda i: i.page(Filter(split="val"), cursor=i.page(limit=1).next_cursor), "invalid-cursor"),
        (lambda i: i.histograms(fields=["beauty"]), "unknown-field"),
        (lambda i: i.histograms(fields=["name"]), "unknown-field"),
        (lambda i: Filter.from_json({"colour": "red"}), "unknown-field"),
        (lambda i: Filter.from_json({"annotation_count": {"least": 3}}), "invalid-filter"),
    ],
)
def test_what_cannot_be_asked_is_refused(large: Dataset, call: Any, code: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        call(large.index)
    assert caught.value.error_code == code


def test_what_is_not_there_is_not_found(large: Dataset) -> None:
    with pytest.raises(NotFoundError):
        large.index.get("0" * 16)
    with pytest.raises(NotFoundError):
        large.index.get("not-an-id")
    with pytest.raises(NotFoundError):
        large.index.view_page("view-0")


def test_values_without_results_are_missing_and_come_last(tmp_path: Path) -> None:
    make_root(tmp_path, n=8)
    with Dataset.open(tmp_path) as dataset:
        table = dataset.index.items_table()
        some = pa.table(
            {"content_hash": table.column("content_hash").slice(0, 3), "sharpness": pa.array([0.3, 0.1, 0.2])}
        )
        dataset.index.load_attributes(some)
        ids = table.column("item_id").to_pylist()
        assert dataset.index.ids(sort="sharpness") == [ids[1], ids[2], ids[0], *ids[3:]]
        assert dataset.index.ids(sort="-sharpness") == [ids[0], ids[2], ids[1], *ids[3:]]
        assert dataset.index.histograms(fields=["sharpness"])["sharpness"]["missing"] == 5
        assert "sharpness" not in dataset.index.get(ids[7]).attributes
        page = dataset.index.page(sort="sharpness", limit=5)
        rest = dataset.index.page(sort="sharpness", limit=5, cursor=page.next_cursor)
        assert [i.item_id for i in page.items + rest.items] == dataset.index.ids(sort="sharpness")


def test_results_follow_an_item_that_is_added_moved_or_comes_back(tmp_path: Path) -> None:
    make_root(tmp_path, n=6)
    with Dataset.open(tmp_path) as dataset:
        table = dataset.index.items_table()
        scores = {h: float(n) for n, h in enumerate(table.column("content_hash").to_pylist())}
        dataset.index.load_attributes(
            pa.table({"content_hash": list(scores), "sharpness": pa.array(list(scores.values()))})
        )
        before = dataset.index.page().items
        dataset.index.histograms()
        edits = Edits(dataset)
        edits.move(Selection.of([before[0].item_id]), target_split="val")
        edits.remove(Selection.of([before[1].item_id]))
        edits.undo()
        after = dataset.index.page().items
        assert [i.attributes for i in after] == [i.attributes for i in before]
        assert dataset.index.histograms(fields=["sharpness"])["sharpness"]["missing"] == 0


def test_memory_follows_edits_as_a_fresh_opening_would(tmp_path: Path) -> None:
    make_root(tmp_path, n=24)
    with Dataset.open(tmp_path) as dataset:
        seen = []
        edits = Edits(dataset)
        dataset.index.histograms()
        dataset.index.page()
        edits.move(Selection(filter=Filter(split="val")), target_split="test")
        edits.relabel(Selection(filter=Filter(class_name="cat")), new_label="lion")
        edits.remove(Selection.of(dataset.index.ids()[3:6]))
        edits.undo()
        seen = [dataset.index.histograms(), dataset.statistics().to_json(), dataset.index.page().items]
    with Dataset.open(tmp_path) as dataset:
        fresh = [dataset.index.histograms(), dataset.statistics().to_json(), dataset.index.page().items]
    assert seen == fresh


def test_items_are_found_by_id_whatever_was_edited(tmp_path: Path) -> None:
    make_root(tmp_path, n=24)
    with Dataset.open(tmp_path) as dataset:
        dataset.index.warm()
        ids, edits = dataset.index.ids(), Edits(dataset)
        asked = [*reversed(ids), "f" * 16, "0" * 16, "no id"]

        def check(gone: list[str]) -> None:
            found = dataset.index.items(asked)
            listed = {i.item_id: i for i in dataset.index.page(limit=500).items}
            assert [i.item_id for i in found] == [i for i in reversed(ids) if i not in gone]
            assert found == [listed[i.item_id] for i in found]

        check([])
        edits.move(Selection.of(ids[2:5]), target_split="test")
        edits.remove(Selection.of(ids[4:9]))
        check(ids[4:9])
        edits.undo()
        edits.remove(Selection.of(ids[:1]))
        check(ids[:1])
        edits.undo()
        check([])


def test_a_view_keeps_its_order_while_the_data_changes(tmp_path: Path) -> None:
    make_root(tmp_path, n=10)
    with Dataset.open(tmp_path) as dataset:
        view = dataset.index.create_view(Filter(split="train"), "-name")
        before = [i.item_id for i in dataset.index.view_page(view.view_id).items]
        Edits(dataset).remove(Selection.of(before[1:3]))
        page = dataset.index.view_page(view.view_id)
        assert [i.item_id for i in page.items] == [before[0], *before[3:]]
        assert (page.stale, page.total, page.data_version) == (True, len(before), view.data_version)
    with Dataset.open(tmp_path) as dataset:
        again = dataset.index.view_page(view.view_id)
        assert [i.item_id for i in again.items] == [before[0], *before[3:]]
        assert not again.stale


def test_changes_from_outside_are_seen(tmp_path: Path) -> None:
    make_root(tmp_path, n=6)
    data = tmp_path / "data"
    with Dataset.open(tmp_path) as dataset:
        version = dataset.version
        items = dataset.index.page().items
        assert dataset.refresh().added == 0
        assert dataset.version == version
        (data / items[0].path).unlink()
        (data / items[1].path).rename(data / "images/val/renamed outside.png")
        save_image(data / items[2].path, make_image(np.random.default_rng(99)))
        label = data / items[3].path.replace("images/", "labels/").replace(".png", ".txt").replace(
            ".jpg", ".txt"
        )
        label.write_text("2 0.5 0.5 0.1 0.1\n")
        found = dataset.refresh()
        assert (found.added, found.removed, found.changed) == (1, 2, 2)
        assert dataset.version != version
        assert dataset.index.get(items[3].item_id).classes == ("bird",)
        assert contents(dataset) == rebuilt(tmp_path, tmp_path / "rebuilt")


def test_two_items_of_one_path_are_both_listed_with_an_issue(tmp_path: Path) -> None:
    make_root(tmp_path, n=6)
    data = tmp_path / "data"
    with Dataset.open(tmp_path) as dataset:
        item = dataset.index.page(Filter(split="train"), limit=1).items[0]
        save_image(data / "images" / "aaa" / item.name, make_image(np.random.default_rng(3)))
        dataset.refresh()
        both = [i for i in dataset.index.page().items if i.name == item.name]
        assert {i.split for i in both} == {"aaa", "train"}
        assert dataset.statistics().issues == {"duplicate-path": 1}
        assert dataset.index.ids(Filter(issue="duplicate-path")) == [
            next(i.item_id for i in both if i.split == "train")
        ]
        assert contents(dataset) == rebuilt(tmp_path, tmp_path / "rebuilt")
        result = Edits(dataset).move(Selection.of([i.item_id for i in both]), target_split="val")
        assert {code for _, code in result.skipped} == {"duplicate-path"}
        (data / "images" / "aaa" / item.name).unlink()
        dataset.refresh()
        assert dataset.index.get(item.item_id).path == item.path
        assert dataset.statistics().issues == {}


def test_broken_images_are_listed_with_an_issue_and_read_again_when_mended(tmp_path: Path) -> None:
    make_root(tmp_path, n=4)
    broken = tmp_path / "data/images/train/broken.png"
    broken.write_bytes(b"no image at all, just text")
    with Dataset.open(tmp_path) as dataset:
        item = next(i for i in dataset.index.page().items if i.name == "broken.png")
        assert (item.width, item.color) == (0, 0)
        assert sum(dataset.statistics().issues.values()) == 1
        assert len(dataset.image_refs()) == 4
        save_image(broken, make_image(np.random.default_rng(0)))
        dataset.refresh()
        assert dataset.statistics().issues == {}
        assert dataset.index.get(item.item_id).width > 0


def test_links_and_hidden_files_are_not_data(tmp_path: Path) -> None:
    make_root(tmp_path, n=3)
    outside = tmp_path / "secret.png"
    save_image(outside, make_image(np.random.default_rng(0)))
    images = tmp_path / "data/images/train"
    (images / "link.png").symlink_to(outside)
    (images / ".hidden.png").write_bytes(outside.read_bytes())
    (tmp_path / "data/images/linked").symlink_to(tmp_path)
    (images / "notes.txt").write_text("hello")
    with Dataset.open(tmp_path) as dataset:
        assert dataset.index.count() == 3


def test_class_names_changed_from_outside_are_read_anew(tmp_path: Path) -> None:
    info = make_root(tmp_path, n=10)
    with Dataset.open(tmp_path) as dataset:
        cats = dataset.index.ids(Filter(class_name="cat"))
        from dataclasses import replace

        write_info(tmp_path / "data", replace(info, classes=("lynx", *info.classes[1:])))
        dataset.refresh()
        assert dataset.index.ids(Filter(class_name="lynx")) == cats
        assert dataset.index.ids(Filter(class_name="cat")) == []


def test_one_process_opens_an_index(tmp_path: Path) -> None:
    import subprocess
    import sys

    make_root(tmp_path, n=2)
    with Dataset.open(tmp_path):
        code = (
            "import sys; from pathlib import Path; from ddoc.dataset.dataset import Dataset\n"
            "from ddoc.errors import ConflictError\n"
            "try: Dataset.open(Path(sys.argv[1]))\n"
            "except ConflictError as error: print(error.error_code)"
        )
        done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
        assert done.stdout.strip() == "index-in-use", done.stderr


def test_a_damaged_or_older_index_is_rebuilt(tmp_path: Path) -> None:
    make_root(tmp_path, n=5)
    with Dataset.open(tmp_path) as dataset:
        before = contents(dataset)
    for damage in (b"not a database", b""):
        dataset.layout.index.write_bytes(damage)
        with Dataset.open(tmp_path) as again:
            assert contents(again) == before


def test_a_closed_dataset_says_so(tmp_path: Path) -> None:
    make_root(tmp_path, n=2)
    dataset = Dataset.open(tmp_path)
    dataset.close()
    dataset.close()
    with pytest.raises(ConflictError):
        dataset.index.ids()


def test_readers_see_one_state_while_a_writer_moves_items(tmp_path: Path) -> None:
    """A page's total, its items and its version belong together, whatever is being written."""
    make_root(tmp_path, n=12)
    with Dataset.open(tmp_path) as dataset:
        dataset.index.histograms()
        stop = threading.Event()
        wrong: list[str] = []

        def read() -> None:
            while not stop.is_set():
                splits = {s: dataset.index.page(Filter(split=s), limit=500) for s in ("train",)}
                page = splits["train"]
                if page.total != len(page.items) or any(i.split != "train" for i in page.items):
                    wrong.append(f"{page.total} but {len(page.items)}")
                counts = dataset.index.histograms(fields=["split"])["split"]["values"]
                if sum(counts.values()) != 12:
                    wrong.append(str(counts))
                with dataset.index.reading() as (cursor, state):
                    if read_state(cursor) != state:
                        wrong.append(f"{state.version} is not what the cursor sees")

        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        edits = Edits(dataset)
        for _ in range(5):
            edits.move(Selection(filter=Filter(split="train")), target_split="test")
            edits.undo()
        stop.set()
        for reader in readers:
            reader.join()
        assert wrong == []


def test_a_snapshot_that_a_commit_crossed_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_root(tmp_path, n=12)
    with Dataset.open(tmp_path) as dataset:
        database = dataset.index._store.database
        lent, crossed = database.cursor, list[str]()

        class Crossed:
            """A cursor behind whose first statement of a snapshot an edit is committed."""

            def __init__(self, cursor: Any) -> None:
                self._cursor = cursor

            def __getattr__(self, name: str) -> Any:
                return getattr(self._cursor, name)

            def execute(self, sql: str, *params: Any) -> Any:
                found = self._cursor.execute(sql, *params)
                if sql.startswith("SELECT 1 FROM meta") and not crossed:
                    crossed.append(dataset.index.version)
                    Edits(dataset).move(Selection(filter=Filter(split="train")), target_split="test")
                return found

        @contextlib.contextmanager
        def cursor() -> Iterator[Any]:
            with lent() as one:
                yield Crossed(one)

        monkeypatch.setattr(database, "cursor", cursor)
        with dataset.index.reading() as (reader, state):
            assert state.version == dataset.index.version != crossed[0]
            assert read_state(reader) == state
