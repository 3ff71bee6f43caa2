"""Names of any kind: refused or safe, short enough, and apart."""

import io
import shutil
import tempfile
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ddoc.errors import DdocError
from ddoc.formats.archives import extract
from ddoc.formats.names import UniqueNames, clash_key, is_safe_name, shortened
from ddoc.formats.tree import nfc
from ddoc.reports import Report

CODES = {
    "unsafe-path",
    "unsafe-name",
    "forbidden-name",
    "name-clash",
    "path-too-deep",
    "path-too-long",
    "broken-archive",
}
PARTS = st.one_of(
    st.text(min_size=1, max_size=12),
    st.sampled_from(
        ["..", ".", "", "~", "CON", ".git", "a" * 300, "가" * 120, "\u202e", "%2e%2e", "C:", "\\", "\0"]
    ),
)
NAMES = st.lists(PARTS, min_size=1, max_size=4).map("/".join)


def outcome(archive: Path, target: Path) -> str | None:
    """The code that an archive is refused with, None if it is extracted."""
    try:
        extract(archive, target)
    except DdocError as error:
        return error.error_code
    return None


def can_be_in_a_zip(name: str) -> bool:
    """zipfile cuts names at NUL and cannot encode lone surrogates."""
    return bool(name.split("\0", maxsplit=1)[0]) and not any("\ud800" <= c <= "\udfff" for c in name)


@settings(max_examples=500, deadline=None)
@example(names=["0/", "0/\0/"])
@example(names=["0.jpg", "0.jpg\0.png"])
@given(names=st.lists(NAMES, min_size=1, max_size=4, unique=True))
def test_no_member_name_leaves_the_target(names: list[str]) -> None:
    scratch = Path(tempfile.mkdtemp())
    try:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive, warnings.catch_warnings():
            # what differs after a NUL only is one name twice, which an archive can hold
            warnings.filterwarnings("ignore", "Duplicate name", UserWarning)
            for name in filter(can_be_in_a_zip, names):
                archive.writestr(name, b"1")
        (scratch / "a.zip").write_bytes(buffer.getvalue())
        code = outcome(scratch / "a.zip", scratch / "work" / "out")
        assert code is None or (code in CODES and not (scratch / "work" / "out").exists())
        for path in scratch.rglob("*"):
            relative = path.relative_to(scratch).as_posix()
            assert relative in {"a.zip", "work"} or relative.startswith("work/out")
            assert len(path.name.encode()) <= 255
            assert nfc(path.name) == path.name
    finally:
        shutil.rmtree(scratch)


@settings(max_examples=500, deadline=None)
@given(name=st.text(min_size=1, max_size=400).filter(lambda n: "/" not in n))
def test_a_shortened_name_fits_and_stays(name: str) -> None:
    short = shortened(name)
    assert len(short.encode("utf-8", "surrogatepass")) <= 255
    assert shortened(short) == short


@settings(max_examples=300, deadline=None)
@given(names=st.lists(st.text("aAbB가.-2/", min_size=1, max_size=6), max_size=30))
def test_taken_names_never_share_a_stem(names: list[str]) -> None:
    unique = UniqueNames(Report())
    stems: list[str] = []
    for name in (n for n in names if not n.endswith("/")):
        taken = unique.take(name)
        slash, dot = taken.rfind("/"), taken.rfind(".")
        stems.append(clash_key(taken[:dot] if dot > slash + 1 else taken))
    assert len(set(stems)) == len(stems)


@pytest.mark.parametrize("name", ["a.jpg", "사진 1.jpg", "it's (1) & more.jpg", "ümläut.png", "🐈.jpg"])
def test_names_that_people_use_are_safe(name: str) -> None:
    assert is_safe_name(name)
