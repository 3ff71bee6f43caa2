"""VectorStore: keyed by content, and safe against a kill at any moment."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ddoc.analysis import VectorStore
from ddoc.errors import ConflictError, DamagedError, NotFoundError

DIM = 16


def hashes_of(numbers: range) -> list[str]:
    return [f"{n:032x}" for n in numbers]


def vectors_of(numbers: range) -> np.ndarray:
    return np.stack([np.random.default_rng(n).normal(size=DIM) for n in numbers]).astype(np.float16)


def test_vectors_come_back_by_content_in_any_order(tmp_path: Path) -> None:
    store = VectorStore(tmp_path, "test-1", dim=DIM)
    store.append(hashes_of(range(10)), vectors_of(range(10)))
    store.append(hashes_of(range(5, 20)), vectors_of(range(5, 20)))
    assert len(store) == 20
    again = VectorStore(tmp_path, "test-1")
    asked = [f"{n:032x}" for n in (17, 3, 9)]
    assert np.array_equal(again.half_rows(asked), vectors_of(range(20))[[17, 3, 9]])
    assert again.rows(asked).dtype == np.float32
    assert again.have([*asked, "f" * 32]) == [True, True, True, False]
    assert again.verify() == 20


def test_an_unknown_content_and_a_wrong_size_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        VectorStore(tmp_path, "test-1")
    store = VectorStore(tmp_path, "test-1", dim=DIM)
    with pytest.raises(NotFoundError):
        store.rows(["0" * 32])
    with pytest.raises(ConflictError):
        store.append(["0" * 32], np.zeros((1, DIM + 1)))
    with pytest.raises(ConflictError):
        VectorStore(tmp_path, "test-1", dim=DIM + 1)


def test_equal_contents_in_one_append_are_stored_once(tmp_path: Path) -> None:
    store = VectorStore(tmp_path, "test-1", dim=DIM)
    store.append(["a" * 32, "a" * 32, "b" * 32], vectors_of(range(3)))
    assert len(store) == 2


@pytest.mark.parametrize("torn", ["matrix", "keys", "both"])
def test_a_torn_append_loses_only_itself(tmp_path: Path, torn: str) -> None:
    store = VectorStore(tmp_path, "test-1", dim=DIM)
    store.append(hashes_of(range(8)), vectors_of(range(8)))
    keys, matrix = store.folder / "keys.bin", store.folder / "matrix.f16"
    if torn in {"matrix", "both"}:
        with matrix.open("ab") as file:
            file.write(b"\1" * (3 * DIM * 2 + 5))
    if torn in {"keys", "both"}:
        with keys.open("ab") as file:
            file.write(b"\2" * 7)
    again = VectorStore(tmp_path, "test-1")
    assert len(again) == 8
    again.append(hashes_of(range(8, 12)), vectors_of(range(8, 12)))
    assert again.verify() == 12
    assert np.array_equal(again.half_rows(hashes_of(range(12))), vectors_of(range(12)))


def test_rows_that_do_not_match_their_checksum_are_cut_by_the_next_append(tmp_path: Path) -> None:
    store = VectorStore(tmp_path, "test-1", dim=DIM)
    store.append(hashes_of(range(6)), vectors_of(range(6)))
    with (store.folder / "matrix.f16").open("r+b") as file:
        file.seek(5 * DIM * 2)
        file.write(b"\0" * DIM * 2)
    damaged = VectorStore(tmp_path, "test-1")
    with pytest.raises(DamagedError):
        damaged.verify()
    damaged.append(hashes_of(range(5, 7)), vectors_of(range(5, 7)))
    assert damaged.verify() == 7


def test_a_reader_sees_what_a_writer_appends(tmp_path: Path) -> None:
    writer = VectorStore(tmp_path, "test-1", dim=DIM)
    reader = VectorStore(tmp_path, "test-1")
    assert len(reader) == 0
    writer.append(hashes_of(range(4)), vectors_of(range(4)))
    assert len(reader) == 4
    writer.clear(hashes_of(range(2)))
    assert reader.hashes() == set(hashes_of(range(2, 4)))
    assert np.array_equal(reader.half_rows(hashes_of(range(2, 4))), vectors_of(range(2, 4)))


WRITER = """
import sys, numpy as np
from pathlib import Path
from ddoc.analysis import VectorStore
store = VectorStore(Path(sys.argv[1]), "test-1", dim=16)
n = len(store)
print("ready", flush=True)
while True:
    rows = np.stack([np.random.default_rng(i).normal(size=16) for i in range(n, n + 3)])
    store.append([f"{i:032x}" for i in range(n, n + 3)], rows)
    n += 3
    print(n, flush=True)
"""


def test_killed_writers_lose_nothing_that_an_append_had_returned_for(tmp_path: Path) -> None:
    acknowledged = 0
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for round_ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment
        )
        with process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(0.03 * (round_ + 1))
            process.send_signal(signal.SIGKILL)
            seen = [line for line in process.stdout.read().split("\n") if line]
        acknowledged = max(acknowledged, int(seen[-1]) if seen else 0)
        store = VectorStore(tmp_path, "test-1")
        assert store.verify() == len(store) >= acknowledged
    count = len(store)
    assert count > 0
    assert np.array_equal(store.half_rows(hashes_of(range(count))), vectors_of(range(count)))
