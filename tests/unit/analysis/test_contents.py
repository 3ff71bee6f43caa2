"""Columns of content hashes answer as lists of strings would."""

import hashlib
from collections import Counter

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from ddoc.analysis.contents import count_in, distinct, from_keys, joined_sorted, places_in

KEYS = st.lists(st.binary(min_size=16, max_size=16), max_size=30)


@given(KEYS, KEYS)
def test_columns_answer_as_lists_do(known_keys: list[bytes], asked_keys: list[bytes]) -> None:
    known, asked = (
        list(dict.fromkeys(k.hex() for k in known_keys)),
        [k.hex() for k in asked_keys + known_keys[:3]],
    )
    assert places_in(known, asked).tolist() == [known.index(h) if h in known else -1 for h in asked]
    assert count_in(known, asked) == sum(h in known for h in asked)
    values, counts = distinct(asked)
    assert dict(zip(values.to_pylist(), counts.tolist(), strict=True)) == Counter(asked)
    assert joined_sorted(asked) == "".join(sorted(asked)).encode()


@given(KEYS)
def test_binary_keys_read_as_hexadecimal(keys: list[bytes]) -> None:
    packed = np.array([np.void(key) for key in keys], "V16")
    assert from_keys(packed).to_pylist() == [key.hex() for key in keys]


def test_parts_of_a_column_are_one_column() -> None:
    hashes = [hashlib.md5(bytes([i])).hexdigest() for i in range(5)]
    parts = pa.chunked_array([hashes[:2], hashes[2:]])
    assert places_in(parts, hashes).tolist() == [0, 1, 2, 3, 4]
    assert joined_sorted(parts) == "".join(sorted(hashes)).encode()
    assert joined_sorted(pa.chunked_array([], pa.string())) == b""
