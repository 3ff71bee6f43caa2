"""analyze(): only new content is computed, what is done is kept, bad files are named."""

import importlib
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ddoc.analysis import (
    ImageRef,
    ResultsStore,
    VectorStore,
    analyze,
    failure_log,
    find_similar,
    get_analyzer,
    load_rules,
    summary,
)
from ddoc.errors import CancelledError, NotFoundError
from ddoc.execution_local import LocalExecutor
from ddoc.hashing import md5_file
from ddoc.paths import Layout
from ddoc_plugin_vision.data_utils.attribute_analyzer import AttributeAnalyzer
from ddoc_plugin_vision.data_utils.attribute_chunk import measure_chunk
from tests.fixtures.make_data import make_image, save_image


def made(folder: Path, numbers: range) -> list[ImageRef]:
    refs = []
    for number in numbers:
        path = folder / f"{number:03d}.png"
        if not path.exists():
            save_image(path, make_image(np.random.default_rng(number), 64, 48))
        refs.append(ImageRef(f"item-{number}", md5_file(path), str(path)))
    return refs


class Counting(AttributeAnalyzer):
    """The attribute analyzer, counting the images that it is given."""

    chunk_size = 4

    def __init__(self) -> None:
        self.seen: list[str] = []

    def worker(self) -> Callable[[Any], Any]:
        def count(chunk: Sequence[tuple[str, str]]) -> Any:
            self.seen += [content_hash for content_hash, _ in chunk]
            return measure_chunk(tuple(chunk))

        return count


def test_a_second_analysis_computes_nothing_and_new_images_cost_only_themselves(tmp_path: Path) -> None:
    layout, counting = Layout(tmp_path / "root"), Counting()
    refs = made(tmp_path, range(30))
    first = analyze(counting, refs, layout=layout)
    assert (first.items, first.computed, first.cached, first.failed) == (30, 30, 0, 0)
    counting.seen.clear()
    again = analyze(counting, refs, layout=layout)
    assert (again.computed, again.cached, counting.seen) == (0, 30, [])
    grown = analyze(counting, made(tmp_path, range(32)), layout=layout)
    assert (grown.computed, grown.cached, len(counting.seen)) == (2, 30, 2)


def test_moved_and_renamed_images_are_not_computed_again(tmp_path: Path) -> None:
    layout, counting = Layout(tmp_path / "root"), Counting()
    refs = made(tmp_path, range(10))
    analyze(counting, refs, layout=layout)
    moved = []
    for ref in refs:
        path = Path(ref.path).rename(tmp_path / f"moved-{Path(ref.path).name}")
        moved.append(ImageRef(ref.item_id + "x", ref.content_hash, str(path)))
    counting.seen.clear()
    assert analyze(counting, moved, layout=layout).computed == 0
    assert counting.seen == []


def test_force_computes_again(tmp_path: Path) -> None:
    layout, counting = Layout(tmp_path / "root"), Counting()
    refs = made(tmp_path, range(6))
    analyze(counting, refs, layout=layout)
    assert analyze(counting, refs, layout=layout, force=True).computed == 6
    assert ResultsStore(layout.analysis, "attributes-1").table().num_rows == 6


def test_a_cancel_keeps_what_is_done_and_the_next_run_does_the_rest(tmp_path: Path) -> None:
    layout, counting = Layout(tmp_path / "root"), Counting()
    refs = made(tmp_path, range(20))

    def cancelled(done: int, total: int | None, *, unit: str = "", message: str = "") -> None:
        if done >= 8:
            raise CancelledError("enough")

    with pytest.raises(CancelledError):
        analyze(counting, refs, layout=layout, progress=cancelled)
    hashes = [r.content_hash for r in refs]
    assert len(ResultsStore(layout.analysis, "attributes-1").hashes()) == 8
    assert summary(layout, hashes)["attributes"]["state"] == "partial"
    assert analyze(counting, refs, layout=layout).computed == 12
    assert summary(layout, hashes)["attributes"]["state"] == "complete"


def test_unreadable_files_are_named_once_and_the_rest_is_done(tmp_path: Path) -> None:
    layout, counting = Layout(tmp_path / "root"), Counting()
    refs = made(tmp_path, range(9))
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 broken")
    refs.append(ImageRef("item-broken", md5_file(tmp_path / "broken.jpg"), str(tmp_path / "broken.jpg")))
    found = analyze(counting, refs, layout=layout)
    assert (found.computed, found.failed) == (9, 1)
    assert found.report.to_json()[0]["examples"][0]["subject"] == "broken.jpg"
    counting.seen.clear()
    again = analyze(counting, refs, layout=layout)
    assert (again.computed, again.cached, again.failed, counting.seen) == (0, 9, 1, [])
    assert summary(layout, [r.content_hash for r in refs])["attributes"]["state"] == "complete"


def deadly_measure(chunk: Any) -> Any:
    if any(path.endswith("004.png") for _, path in chunk):
        os.kill(os.getpid(), signal.SIGKILL)
    return measure_chunk(chunk)


class Deadly(AttributeAnalyzer):
    """An analyzer whose decoder dies of one image."""

    chunk_size = 4

    def worker(self) -> Callable[[Any], Any]:
        return deadly_measure


def test_an_image_that_kills_its_worker_is_named_and_the_rest_is_done(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    refs = made(tmp_path, range(10))
    with LocalExecutor(2) as executor:
        found = analyze(Deadly(), refs, layout=layout, executor=executor)
    assert (found.computed, found.failed) == (9, 1)
    row = found.report.to_json()[0]
    assert (row["code"], row["examples"][0]["subject"]) == ("crashes-the-decoder", "004.png")
    assert set(failure_log(layout, "attributes-1").read()) == {refs[4].content_hash}


def test_the_embedding_is_stored_by_content_with_its_groups(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    refs = made(tmp_path, range(40))
    refs.append(ImageRef("item-twin", refs[0].content_hash, refs[0].path))
    for name in ("attributes", "embedding"):
        analyze(get_analyzer(name), refs, layout=layout)
    hashes = [r.content_hash for r in refs]
    found = summary(layout, hashes, label_counts=lambda groups: {groups["cluster"][0].as_py(): {"cat": 3}})[
        "embedding"
    ]
    assert (found["state"], found["encoder"], found["dim"]) == ("complete", "descriptor-1", 680)
    assert (found["items"], found["of"]) == (41, 41)
    assert sum(c["size"] for c in found["clusters"]) == 41
    assert found["duplicates"]["exact"] == 1
    assert [c["label_counts"] for c in found["clusters"] if c["label_counts"]] == [{"cat": 3}]
    assert len(VectorStore(layout.vectors, "descriptor-1")) == 40
    best = find_similar(layout, "descriptor-1", hashes[3], sorted(set(hashes)), k=5)
    assert len(best) == 5
    assert hashes[3] not in [h for h, _ in best]


def test_states_tell_missing_partial_stale_and_complete_apart(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    refs = made(tmp_path, range(12))
    hashes = [r.content_hash for r in refs]
    empty = summary(layout, hashes)
    assert [empty[k]["state"] for k in ("attributes", "embedding")] == ["missing", "missing"]
    for name in ("attributes", "embedding"):
        analyze(get_analyzer(name), refs[:10], layout=layout)
    assert [summary(layout, hashes[:10])[k]["state"] for k in ("attributes", "embedding")] == ["complete"] * 2
    assert [summary(layout, hashes)[k]["state"] for k in ("attributes", "embedding")] == ["stale"] * 2


def test_flags_are_ranges_of_attributes_with_stored_thresholds(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    refs = made(tmp_path, range(30))
    for name, image in (
        ("dark", np.full((48, 64, 3), 5, np.uint8)),
        ("wide", make_image(np.random.default_rng(0), 400, 20)),
    ):
        save_image(tmp_path / f"{name}.png", image)
        refs.append(ImageRef(name, md5_file(tmp_path / f"{name}.png"), str(tmp_path / f"{name}.png")))
    analyze(get_analyzer("attributes"), refs, layout=layout)
    found = summary(layout, [r.content_hash for r in refs])["attributes"]
    assert found["flags"]["dark"] == 1
    assert found["flags"]["odd_aspect"] == 1
    rules = {rule.flag: rule for rule in load_rules(layout, "attributes-1")}
    assert 20 <= (rules["dark"].below or 0) <= 60
    assert {r["flag"] for r in found["flag_rules"]} == set(rules)
    assert sum(found["summary"]["brightness"]["histogram"]["counts"]) == 32


def test_a_search_in_blocks_finds_what_a_search_of_all_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout(tmp_path / "root")
    refs = made(tmp_path, range(40))
    analyze(get_analyzer("embedding"), refs, layout=layout)
    hashes = [r.content_hash for r in refs]
    module = importlib.import_module("ddoc.analysis.groups")  # the package has a function of that name
    for query in (hashes[3], VectorStore(layout.vectors, "descriptor-1").rows([hashes[5]])):
        monkeypatch.setattr(module, "_SEARCH_BLOCK", 1000)
        whole = find_similar(layout, "descriptor-1", query, [*hashes, *hashes[:4], "f" * 32], k=39)
        monkeypatch.setattr(module, "_SEARCH_BLOCK", 7)
        parts = find_similar(layout, "descriptor-1", query, hashes, k=39)
        assert len({h for h, _ in whole}) == len(whole) == 39
        assert [h for h, _ in parts] == [h for h, _ in whole]
        assert [c for _, c in parts] == pytest.approx([c for _, c in whole], abs=1e-5)
    assert find_similar(layout, "descriptor-1", hashes[0], ["f" * 32]) == []
    with pytest.raises(NotFoundError):
        find_similar(layout, "descriptor-1", "f" * 32, ["e" * 32])
