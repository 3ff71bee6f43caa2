"""Archives that nobody vouches for: refused with the exact code, no byte outside the target, nothing left behind."""

import gzip
import io
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from ddoc.errors import ConflictError, DdocError, DiskFullError, TooLargeError
from ddoc.formats.archives import extract
from ddoc.formats.limits import Limits
from ddoc.reports import Report

Maker = Callable[[], bytes]
SMALL = Limits(members=20, file_bytes=1 << 20, total_bytes=3 << 20, ratio=200, depth=6, path_bytes=600)


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def zip_entry(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def renamed(data: bytes, old: bytes, new: bytes) -> bytes:
    """Replace a member's name by bytes of the same length, in both headers; without the UTF-8 flag."""
    assert len(old) == len(new)
    assert data.count(old) == 2
    return data.replace(old, new)


def tarred(*members: tuple[str, bytes], kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            info.linkname = link
            info.size = len(data) if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def flagged(data: bytes, bit: int) -> bytes:
    """Set a flag bit in the local and the central header of the only member."""
    raw = bytearray(data)
    central = raw.index(b"PK\x01\x02")
    for at in (6, central + 8):
        (flags,) = struct.unpack_from("<H", raw, at)
        struct.pack_into("<H", raw, at, flags | bit)
    return bytes(raw)


def with_method(data: bytes, method: int) -> bytes:
    raw = bytearray(data)
    central = raw.index(b"PK\x01\x02")
    struct.pack_into("<H", raw, 8, method)
    struct.pack_into("<H", raw, central + 10, method)
    return bytes(raw)


def overlapping() -> bytes:
    """Two central entries that share one member's bytes, as in the bombs that do not nest."""
    raw = zipped(("a.jpg", b"0" * 4096))
    central = raw.index(b"PK\x01\x02")
    end = raw.index(b"PK\x05\x06")
    entry = raw[central:end]
    second = entry.replace(b"a.jpg", b"b.jpg")
    tail = bytearray(raw[end:])
    struct.pack_into("<HHL", tail, 8, 2, 2, len(entry) * 2)
    return raw[:central] + entry + second + bytes(tail)


def lying_size() -> bytes:
    """A member that declares fewer bytes than it has."""
    raw = bytearray(zipped(("a.jpg", b"x" * 5000)))
    central = raw.index(b"PK\x01\x02")
    struct.pack_into("<L", raw, 22, 10)
    struct.pack_into("<L", raw, central + 24, 10)
    return bytes(raw)


def bad_checksum() -> bytes:
    raw = bytearray(zipped(("a.jpg", b"x" * 5000), compression=zipfile.ZIP_STORED))
    raw[60] ^= 0xFF
    return bytes(raw)


def encrypted() -> bytes:
    return flagged(zipped(("a.jpg", b"x")), 1)


def bare_repository() -> bytes:
    return zipped(("x/HEAD", b"ref"), ("x/objects/aa", b""), ("x/refs/heads", b""), ("x/a.jpg", b""))


def huge_extension() -> bytes:
    info = tarfile.TarInfo("pax")
    info.type = tarfile.XHDTYPE
    info.size = 2 << 20
    return info.tobuf() + b"0" * (2 << 20) + b"\0" * 1024


def sparse_member() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("a.jpg")
        info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.realsize": "1000000000"}
        archive.addfile(info)
    return buffer.getvalue()


def pax_named(name: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("a.jpg")
        info.pax_headers = {"path": name}
        archive.addfile(info)
    return buffer.getvalue()


def bad_pax_record() -> bytes:
    info = tarfile.TarInfo("pax")
    info.type = tarfile.XHDTYPE
    info.size = 512
    return info.tobuf() + b"99999 path=a\n".ljust(512, b"\0") + b"\0" * 1024


def many(count: int) -> tuple[tuple[str, bytes], ...]:
    return tuple((f"{i}.jpg", b"") for i in range(count))


ZIP_CASES: list[tuple[str, str, Maker]] = [
    ("absolute", "unsafe-path", lambda: zipped(("/etc/a.jpg", b""))),
    ("parent", "unsafe-path", lambda: zipped(("../a.jpg", b""))),
    ("parent inside", "unsafe-path", lambda: zipped(("a/../../b.jpg", b""))),
    ("parent that stays inside", "unsafe-path", lambda: zipped(("a/../b.jpg", b""))),
    ("drive", "unsafe-path", lambda: zipped(("C:/a.jpg", b""))),
    ("drive relative", "unsafe-path", lambda: zipped(("c:a.jpg", b""))),
    ("backslash", "unsafe-path", lambda: renamed(zipped(("a_b_c.jpg", b"")), b"a_b_c.jpg", b"..\\\\c.jpg")),
    ("share", "unsafe-path", lambda: zipped(("//server/a.jpg", b""))),
    ("empty part", "unsafe-path", lambda: zipped(("a//b.jpg", b""))),
    ("NUL", "unsafe-path", lambda: renamed(zipped(("abc.jpg", b"")), b"abc.jpg", b"a\0c.jpg")),
    ("control", "unsafe-name", lambda: zipped(("a\x1b[2J.jpg", b""))),
    ("newline", "unsafe-name", lambda: zipped(("a\n.jpg", b""))),
    ("bidi override", "unsafe-name", lambda: zipped(("a\u202egpj.exe", b""))),
    ("line separator", "unsafe-name", lambda: zipped(("a\u2028.jpg", b""))),
    (".git", "forbidden-name", lambda: zipped((".git/config", b""))),
    (".GIT in any case", "forbidden-name", lambda: zipped(("x/.GiT/config", b""))),
    (".gitattributes", "forbidden-name", lambda: zipped((".gitattributes", b""))),
    (".gitmodules below", "forbidden-name", lambda: zipped(("a/.gitmodules", b""))),
    (".dvc", "forbidden-name", lambda: zipped((".dvc/config", b""))),
    (".dvcignore", "forbidden-name", lambda: zipped((".dvcignore", b""))),
    ("git~1", "forbidden-name", lambda: zipped(("GIT~1/config", b""))),
    ("bare repository", "forbidden-name", bare_repository),
    (
        "symlink",
        "link-in-archive",
        lambda: zipped((zip_entry("a.jpg", stat.S_IFLNK | 0o777), b"/etc/passwd")),
    ),
    ("device", "special-file-in-archive", lambda: zipped((zip_entry("a.jpg", stat.S_IFCHR), b""))),
    ("pipe", "special-file-in-archive", lambda: zipped((zip_entry("a.jpg", stat.S_IFIFO), b""))),
    ("encrypted", "encrypted-archive", encrypted),
    ("strongly encrypted", "encrypted-archive", lambda: flagged(zipped(("a.jpg", b"x")), 0x40)),
    ("overlapping", "overlapping-members", overlapping),
    ("unknown method", "unsupported-compression", lambda: with_method(zipped(("a.jpg", b"x")), 99)),
    ("bomb", "expands-too-much", lambda: zipped(("a.jpg", b"\0" * (1 << 20)), ("b.jpg", b"\0" * (1 << 20)))),
    ("large file", "file-too-large", lambda: zipped(("a.jpg", os.urandom(1 << 19) * 3))),
    ("many members", "too-many-members", lambda: zipped(*many(21))),
    ("deep", "path-too-deep", lambda: zipped(("a/b/c/d/e/f/g.jpg", b""))),
    ("long path", "path-too-long", lambda: zipped(("a/" * 4 + "x" * 700, b""))),
    ("size lies", "broken-archive", lying_size),
    ("checksum", "broken-archive", bad_checksum),
    ("cut short", "broken-archive", lambda: zipped(("a.jpg", os.urandom(4000)))[:2000]),
    ("only a beginning", "broken-archive", lambda: b"PK\x03\x04"),
    ("not an archive", "broken-archive", lambda: b"hello, world" * 100),
    ("empty", "broken-archive", lambda: b""),
    (
        "equal names",
        "name-clash",
        lambda: renamed(zipped(("a.jpg", b"1"), ("b.jpg", b"2")), b"b.jpg", b"a.jpg"),
    ),
    ("names that differ by case", "name-clash", lambda: zipped(("a.jpg", b""), ("A.JPG", b""))),
    (
        "names that differ by form",
        "name-clash",
        lambda: zipped(("\uac00.jpg", b""), ("\u1100\u1161.jpg", b"")),
    ),
    ("file and folder", "name-clash", lambda: zipped(("a", b""), ("a/b.jpg", b""))),
    ("folder and file", "name-clash", lambda: zipped(("a/b.jpg", b""), ("A", b""))),
]

TAR_CASES: list[tuple[str, str, Maker]] = [
    ("absolute", "unsafe-path", lambda: tarred(("/a.jpg", b""))),
    ("parent", "unsafe-path", lambda: tarred(("../a.jpg", b""))),
    ("parent by pax", "unsafe-path", lambda: pax_named("../../a.jpg")),
    ("symlink", "link-in-archive", lambda: tarred(("a.jpg", b""), kind=tarfile.SYMTYPE, link="/etc/passwd")),
    ("hard link", "link-in-archive", lambda: tarred(("a.jpg", b""), kind=tarfile.LNKTYPE, link="b.jpg")),
    ("device", "special-file-in-archive", lambda: tarred(("a.jpg", b""), kind=tarfile.CHRTYPE)),
    ("block device", "special-file-in-archive", lambda: tarred(("a.jpg", b""), kind=tarfile.BLKTYPE)),
    ("pipe", "special-file-in-archive", lambda: tarred(("a.jpg", b""), kind=tarfile.FIFOTYPE)),
    ("sparse", "unsupported-member", sparse_member),
    ("huge extension", "unsupported-member", huge_extension),
    ("unknown type", "unsupported-member", lambda: tarred(("a.jpg", b""), kind=b"M")),
    ("pax record", "broken-archive", bad_pax_record),
    ("cut short", "broken-archive", lambda: tarred(("a.jpg", b"x" * 4000))[:2048]),
    ("checksum", "broken-archive", lambda: tarred(("a.jpg", b"1"))[:1024] + b"x" * 512),
    ("git", "forbidden-name", lambda: tarred((".git/hooks/post-checkout", b""))),
    ("equal names", "name-clash", lambda: tarred(("a.jpg", b"1"), ("a.jpg", b"2"))),
    ("many members", "too-many-members", lambda: tarred(*many(21))),
    ("large file", "file-too-large", lambda: tarred(("a.jpg", b"\0" * (1 << 21)))),
]


def assert_refused(archive: Path, code: str, limits: Limits = SMALL) -> None:
    target = archive.parent / "work" / "out"
    target.parent.mkdir()
    with pytest.raises(DdocError) as caught:
        extract(archive, target, limits=limits)
    assert caught.value.error_code == code
    assert list(target.parent.iterdir()) == []
    assert sorted(p.name for p in archive.parent.iterdir()) == sorted([archive.name, "work"])


@pytest.mark.parametrize(("code", "make"), [c[1:] for c in ZIP_CASES], ids=[c[0] for c in ZIP_CASES])
def test_a_bad_zip_is_refused(tmp_path: Path, code: str, make: Maker) -> None:
    (tmp_path / "a.zip").write_bytes(make())
    assert_refused(tmp_path / "a.zip", code)


@pytest.mark.parametrize(("code", "make"), [c[1:] for c in TAR_CASES], ids=[c[0] for c in TAR_CASES])
def test_a_bad_tar_is_refused(tmp_path: Path, code: str, make: Maker) -> None:
    (tmp_path / "a.tar").write_bytes(make())
    assert_refused(tmp_path / "a.tar", code)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param("a.tar.gz", gzip.compress(tarred(("a.jpg", b"x" * 4000)))[:60], id="gz cut short"),
        pytest.param("a.tar.gz", gzip.compress(b"not a tar" * 200), id="gz of no tar"),
        pytest.param("a.tar.gz", gzip.compress(b"x" * 10)[:-4] + b"\0\0\0\0", id="gz of a wrong length"),
        pytest.param(
            "a.tar.zst", zstandard.compress(tarred(("a.jpg", b"x" * 4000)))[:40], id="zst cut short"
        ),
        pytest.param("a.tar.zst", zstandard.compress(b""), id="zst of nothing"),
    ],
)
def test_a_damaged_compressed_tar_is_broken(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    assert_refused(tmp_path / name, "broken-archive")


def test_a_compressed_tar_that_expands_too_much_is_stopped_while_it_is_read(tmp_path: Path) -> None:
    members = [(f"{i}.jpg", b"\0" * (1 << 20)) for i in range(8)]
    for name, pack in (("a.tar.gz", gzip.compress), ("a.tar.zst", zstandard.compress)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_bytes(pack(tarred(*members)))
        assert_refused(folder / name, "expands-too-much", Limits())


@pytest.mark.parametrize("name", ["a.rar", "a.7z", "photo.jpg", "notes"])
def test_a_file_that_is_no_archive_is_an_unknown_format(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"Rar!\x1a\x07\x01\x00" + b"x" * 600)
    assert_refused(tmp_path / name, "unknown-format")


def test_the_error_of_a_clash_lists_both_names(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(("x/a.jpg", b""), ("x/A.jpg", b"")))
    with pytest.raises(ConflictError) as caught:
        extract(tmp_path / "a.zip", tmp_path / "out")
    assert caught.value.context["names"] == ["x/a.jpg", "x/A.jpg"]


def test_the_error_of_a_limit_names_it(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(*many(21)))
    with pytest.raises(TooLargeError) as caught:
        extract(tmp_path / "a.zip", tmp_path / "out", limits=SMALL)
    assert caught.value.context == {"limit": "members", "value": 21}


def test_a_disk_without_room_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(("a.jpg", b"1")))
    with pytest.raises(DiskFullError):
        extract(tmp_path / "a.zip", tmp_path / "out", limits=Limits(free_bytes=1 << 62))
    assert not (tmp_path / "out").exists()


def extracted(tmp_path: Path, name: str, data: bytes, report: Report | None = None) -> dict[str, bytes]:
    (tmp_path / name).write_bytes(data)
    target = tmp_path / f"out-{name}"
    extract(tmp_path / name, target, report=report)
    return {str(p.relative_to(target)): p.read_bytes() for p in sorted(target.rglob("*")) if p.is_file()}


@pytest.mark.parametrize(
    ("name", "pack"),
    [("a.tar", bytes), ("a.tar.gz", gzip.compress), ("a.tar.zst", zstandard.compress)],
)
def test_tars_of_every_kind_come_out_the_same(
    tmp_path: Path, name: str, pack: Callable[[bytes], bytes]
) -> None:
    long_name = "폴더/" + "긴 이름 " * 12 + ".jpg"
    data = tarred(("a/b.jpg", b"1" * 1000), (long_name, b"2"), ("empty.txt", b""))
    assert extracted(tmp_path, name, pack(data)) == {
        "a/b.jpg": b"1" * 1000,
        long_name: b"2",
        "empty.txt": b"",
    }


def test_names_in_cp949_are_read(tmp_path: Path) -> None:
    korean = "사진".encode("cp949")
    data = renamed(zipped(("abcd.jpg", b"1"), ("plain.jpg", b"2")), b"abcd.jpg", korean + b".jpg")
    assert extracted(tmp_path, "a.zip", data) == {"사진.jpg": b"1", "plain.jpg": b"2"}


def test_names_in_utf8_without_the_flag_are_read(tmp_path: Path) -> None:
    data = renamed(zipped(("abcdef.jpg", b"1")), b"abcdef.jpg", "사진".encode() + b".jpg")
    assert extracted(tmp_path, "a.zip", data) == {"사진.jpg": b"1"}


def test_names_that_are_neither_are_read_as_cp437(tmp_path: Path) -> None:
    data = renamed(
        zipped(("abc.jpg", b"1")), b"abc.jpg", b"\x82\x99\xe1.jpg"
    )  # no CP949: 0xe1 needs a partner
    assert list(extracted(tmp_path, "a.zip", data)) == ["éÖß.jpg"]


def test_the_unicode_extra_field_counts_before_the_guess(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("abcd.jpg")
    name = "사진.jpg".encode()
    info.extra = struct.pack("<HHBL", 0x7075, 5 + len(name), 1, zlib.crc32(b"abcd.jpg")) + name
    assert extracted(tmp_path, "a.zip", zipped((info, b"1"))) == {"사진.jpg": b"1"}


def test_tar_names_in_cp949_are_read(tmp_path: Path) -> None:
    raw = "한글/사진.jpg".encode("cp949")
    info = tarfile.TarInfo("x")
    info.size = 3
    header = info.tobuf(tarfile.GNU_FORMAT)
    header = raw.ljust(100, b"\0") + header[100:148] + b" " * 8 + header[156:]
    header = header[:148] + b"%06o\0 " % sum(header) + header[156:]
    data = header + b"abc".ljust(512, b"\0") + b"\0" * 1024
    assert extracted(tmp_path, "a.tar", data) == {"한글/사진.jpg": b"abc"}


def test_decomposed_names_become_composed(tmp_path: Path) -> None:
    assert list(extracted(tmp_path, "a.zip", zipped(("\u1100\u1161.jpg", b"1")))) == ["\uac00.jpg"]


def test_a_name_of_over_255_bytes_is_shortened_and_reported(tmp_path: Path) -> None:
    report = Report()
    names = list(
        extracted(
            tmp_path, "a.zip", zipped(("가" * 100 + ".jpg", b"1"), ("가" * 100 + "나.jpg", b"2")), report
        )
    )
    assert len(set(names)) == 2
    assert all(len(n.encode()) <= 255 and n.endswith(".jpg") for n in names)
    assert report.count("name-shortened") == 2


def test_an_archive_without_members_gives_an_empty_folder(tmp_path: Path) -> None:
    assert extracted(tmp_path, "a.zip", zipped()) == {}


def test_a_folder_entry_makes_no_file(tmp_path: Path) -> None:
    assert extracted(tmp_path, "a.zip", zipped(("a/", b""), ("a/b.jpg", b"1"))) == {"a/b.jpg": b"1"}
