"""ResultsStore: values by content, in parts that survive a kill and fold together."""

from pathlib import Path

import numpy as np

from ddoc.analysis import ResultsStore


def values_of(start: int, stop: int) -> tuple[list[str], dict[str, np.ndarray]]:
    numbers = np.arange(start, stop)
    return [f"{n:032x}" for n in numbers], {
        "brightness": numbers.astype(float),
        "phash": numbers.astype(np.uint64),
    }


def test_flushed_rows_are_there_for_a_new_store_before_and_after_compaction(tmp_path: Path) -> None:
    store = ResultsStore(tmp_path, "attributes-1")
    store.append(*values_of(0, 10))
    store.flush()
    store.append(*values_of(5, 15))
    store.flush()
    store.append(*values_of(15, 20))  # never flushed: lost with the process
    again = ResultsStore(tmp_path, "attributes-1")
    assert len(again.hashes()) == 15
    again.compact()
    assert not list(tmp_path.glob("*.parts"))
    assert ResultsStore(tmp_path, "attributes-1").table().num_rows == 15


def test_a_kill_between_writing_the_main_file_and_removing_parts_shows_rows_once(tmp_path: Path) -> None:
    store = ResultsStore(tmp_path, "attributes-1")
    store.append(*values_of(0, 10))
    store.flush()
    part = next((tmp_path / "attributes-1.parts").iterdir())
    kept = part.read_bytes()
    store.compact()
    part.parent.mkdir()
    part.write_bytes(kept)
    assert ResultsStore(tmp_path, "attributes-1").table().num_rows == 10


def test_a_matrix_follows_the_asked_order_and_marks_gaps(tmp_path: Path) -> None:
    store = ResultsStore(tmp_path, "attributes-1")
    store.append(*values_of(0, 5))
    found = store.matrix(["f" * 32, f"{3:032x}", f"{1:032x}"], ["brightness", "unknown"])
    assert np.isnan(found[0]).all()
    assert found[1:, 0].tolist() == [3, 1]
    assert np.isnan(found[:, 1]).all()


def test_the_numeric_table_is_what_the_index_can_load(tmp_path: Path) -> None:
    store = ResultsStore(tmp_path, "attributes-1")
    assert store.numeric_table().num_rows == 0
    store.append(*values_of(0, 5))
    assert store.numeric_table().column_names == ["content_hash", "brightness"]


def test_cleared_rows_are_forgotten(tmp_path: Path) -> None:
    store = ResultsStore(tmp_path, "attributes-1")
    store.append(*values_of(0, 5))
    store.flush()
    store.clear([f"{n:032x}" for n in range(2)])
    assert ResultsStore(tmp_path, "attributes-1").hashes() == {f"{n:032x}" for n in range(2, 5)}
