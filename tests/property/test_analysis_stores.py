"""Whatever is appended, cleared, flushed, torn or reopened: stores say what a plain dictionary says."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ddoc.analysis import ResultsStore, VectorStore

DIM = 4
NUMBERS = st.lists(st.integers(0, 30), max_size=8)
STEPS = st.lists(
    st.tuples(st.sampled_from(["append", "clear", "reopen", "torn-matrix", "torn-keys", "compact"]), NUMBERS),
    max_size=12,
)


def name_of(number: int) -> str:
    return f"{number:032x}"


def vector_of(number: int) -> np.ndarray:
    return np.full(DIM, number, np.float16)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_a_vector_store_behaves_as_a_dictionary(steps: list[tuple[str, list[int]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store, known = VectorStore(Path(folder), "e-1", dim=DIM), set[int]()
        torn = set[str]()  # only an append tears, and the next one writes over it: no file has two tears
        for what, numbers in steps:
            if what == "clear" or (what == "append" and set(numbers) - known):
                torn.clear()
            if what == "append" and numbers:
                store.append([name_of(n) for n in numbers], np.stack([vector_of(n) for n in numbers]))
                known |= set(numbers)
            elif what == "clear":
                store.clear([name_of(n) for n in numbers])
                known -= set(numbers)
            elif what.startswith("torn"):
                if what in torn:
                    continue
                torn.add(what)
                path = store.folder / ("matrix.f16" if what == "torn-matrix" else "keys.bin")
                with path.open("ab") as file:
                    file.write(bytes(n + 1 for n in numbers))
            else:
                store = VectorStore(Path(folder), "e-1")
            assert store.hashes() == {name_of(n) for n in known}
        asked = sorted(known)
        assert np.array_equal(store.half_rows([name_of(n) for n in asked])[:, 0], np.array(asked, np.float16))
        assert store.verify() == len(known)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_a_results_store_behaves_as_a_dictionary(steps: list[tuple[str, list[int]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store, known = ResultsStore(Path(folder), "a-1"), set[int]()
        for what, numbers in steps:
            if what == "append":
                store.append([name_of(n) for n in numbers], {"value": np.array(numbers, float)})
                known |= set(numbers)
            elif what == "clear":
                store.clear([name_of(n) for n in numbers])
                known -= set(numbers)
            elif what == "compact":
                store.compact()
            elif what == "reopen":
                store.flush()
                store = ResultsStore(Path(folder), "a-1")
            assert store.hashes() == {name_of(n) for n in known}
        table = store.table()
        assert sorted(table["content_hash"].to_pylist()) == sorted(name_of(n) for n in known)
        asked = sorted(known)
        assert store.matrix([name_of(n) for n in asked], ["value"])[:, 0].tolist() == asked
