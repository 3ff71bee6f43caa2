"""LocalExecutor: a dead worker costs a retry, a deadly chunk is told, and the rest is done."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from ddoc.execution import WorkerDied
from ddoc.execution_local import LocalExecutor


@pytest.fixture(scope="module")
def executor() -> Iterator[LocalExecutor]:
    with LocalExecutor(2) as pool:
        yield pool


def double(chunk: list[int]) -> list[int]:
    return [2 * n for n in chunk]


def deadly_seven(chunk: list[int]) -> list[int]:
    if 7 in chunk:
        os.kill(os.getpid(), signal.SIGKILL)
    return double(chunk)


def deadly_once(chunk: tuple[int, str]) -> int:
    number, folder = chunk
    mark = Path(folder) / "died"
    if number == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def raising(chunk: list[int]) -> list[int]:
    raise ValueError(f"cannot do {chunk}")


def threads_within(_chunk: int) -> str:
    return os.environ["OMP_NUM_THREADS"]


def test_every_chunk_has_its_result(executor: LocalExecutor) -> None:
    found = dict(executor.map(double, ([n] for n in range(30))))
    assert found == {n: [2 * n] for n in range(30)}


def test_a_chunk_that_kills_its_worker_three_times_is_told_and_the_others_are_done(
    executor: LocalExecutor,
) -> None:
    found = dict(executor.map(deadly_seven, ([n] for n in range(12))))
    assert isinstance(found.pop(7), WorkerDied)
    assert found == {n: [2 * n] for n in range(12) if n != 7}


def test_a_worker_that_dies_once_costs_a_retry_only(executor: LocalExecutor, tmp_path: Path) -> None:
    found = dict(executor.map(deadly_once, ((n, str(tmp_path)) for n in range(8))))
    assert found == {n: n for n in range(8)}


def test_what_a_chunk_raises_is_raised_to_the_caller(executor: LocalExecutor) -> None:
    with pytest.raises(ValueError, match=r"cannot do \[1\]"):
        list(executor.map(raising, [[1]]))
    assert dict(executor.map(double, [[1]])) == {0: [2]}


def test_inner_threads_are_held_at_one(executor: LocalExecutor) -> None:
    assert dict(executor.map(threads_within, [0])) == {0: "1"}


def test_chunks_are_drawn_only_as_workers_become_free(executor: LocalExecutor) -> None:
    drawn: list[int] = []

    def chunks() -> Iterator[list[int]]:
        for number in range(1000):
            drawn.append(number)
            yield [number]

    results = executor.map(double, chunks())
    next(results)
    assert len(drawn) < 20
    results.close()  # type: ignore[attr-defined]
