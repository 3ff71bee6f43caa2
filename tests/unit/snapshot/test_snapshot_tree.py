import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddoc.errors import DamagedError
from ddoc.snapshot.tree import Tree, diff_trees, dir_bytes, files_of, parse_dir, tree_of

NAMES = st.text(
    st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=8
).filter(lambda name: name not in (".", ".."))
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
CONTENTS = st.sampled_from([hashlib.md5(bytes([n])).hexdigest() for n in range(4)])


def _no_file_is_a_folder(files: dict[str, str]) -> dict[str, str]:
    return {p: h for p, h in files.items() if not any(q.startswith(f"{p}/") for q in files)}


FILES = st.dictionaries(PATHS, CONTENTS, max_size=12).map(_no_file_is_a_folder)


def _tree(files: dict[str, str]) -> Tree:
    return tree_of((path, bytes.fromhex(digest)) for path, digest in files.items())


@given(FILES)
def test_a_listing_has_the_bytes_that_dvc_writes(files: dict[str, str]) -> None:
    rows = [{"md5": digest, "relpath": path} for path, digest in files.items()]
    expected = json.dumps(sorted(rows, key=lambda row: row["relpath"]), sort_keys=True).encode()
    assert dir_bytes(_tree(files)) == expected


@given(FILES)
def test_a_listing_reads_back_as_the_tree_it_was_made_from(files: dict[str, str]) -> None:
    tree = _tree(files)
    assert parse_dir(dir_bytes(tree)) == tree
    assert {path: digest.hex() for path, digest in files_of(tree)} == files


@given(FILES, FILES)
def test_a_diff_names_exactly_the_files_that_differ(old: dict[str, str], new: dict[str, str]) -> None:
    found = diff_trees(_tree(old), _tree(new))
    hexes = {c.path: (c.old and c.old.hex(), c.new and c.new.hex()) for c in found}
    assert hexes == {p: (old.get(p), new.get(p)) for p in old | new if old.get(p) != new.get(p)}
    assert [c.path for c in found] == sorted(hexes)


@pytest.mark.parametrize("path", ["../x", "a/../x", "/x", "a//x", ".", "a/..", ""])
def test_a_listing_that_leads_outside_is_refused(path: str) -> None:
    hostile = json.dumps([{"md5": "0" * 32, "relpath": path}]).encode()
    with pytest.raises(DamagedError):
        parse_dir(hostile)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"5", b'"ab"', b"[[1, 2]]", b"[1]", b'[{"md5": "zz", "relpath": "a"}]', b"\xff"]
)
def test_bytes_that_are_no_listing_are_refused(data: bytes) -> None:
    with pytest.raises(DamagedError):
        parse_dir(data)
