"""The command line: results as JSON, verdicts as exit codes, errors in one line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.fixtures.make_data import make_image, make_root, save_image


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three folders of images: base, same, dark; and few, broken."""
    root = tmp_path_factory.mktemp("cli")
    for number in range(120):
        image = make_image(np.random.default_rng(number), 96, 72)
        save_image(root / ("base" if number < 60 else "same") / f"{number}.png", image)
        if number >= 60:
            save_image(root / "dark" / f"{number}.png", cv2.GaussianBlur(image // 2, (0, 0), 1.5))
    for number in range(3):
        save_image(root / "few" / f"{number}.png", make_image(np.random.default_rng(number)))
    return root


def ddoc(folders: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    code = "from ddoc.cli import main; main()"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DDOC_CACHE": str(folders / "cache"),
    }
    command = [sys.executable, "-c", code, *(str(a) for a in arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_analyze_computes_once_and_tells_in_json(folders: Path) -> None:
    first = ddoc(folders, "analyze", folders / "base", "--json", "--workers", "1")
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["attributes"]["computed"] == 60
    again = json.loads(ddoc(folders, "analyze", folders / "base", "--json", "--workers", "1").stdout)
    assert again["attributes"]["computed"] == again["embedding"]["computed"] == 0
    assert again["attributes"]["cached"] == 60


def test_drift_exits_with_the_verdict_and_saves_the_report(folders: Path, tmp_path: Path) -> None:
    same = ddoc(folders, "drift", folders / "base", folders / "same", "--json", "--workers", "1")
    assert same.returncode == 0, same.stderr
    assert json.loads(same.stdout)["status"] == "none"
    html = tmp_path / "report.html"
    dark = ddoc(
        folders,
        "drift",
        folders / "base",
        folders / "dark",
        "--save",
        tmp_path,
        "--html",
        html,
        "--workers",
        "1",
    )
    assert dark.returncode == 4, dark.stderr
    assert json.loads((tmp_path / "report.json").read_text())["status"] == "drift"
    assert html.read_text().startswith("<!doctype html>")


def test_a_guard_passes_and_fails_by_exit_code(folders: Path, tmp_path: Path) -> None:
    assert ddoc(folders, "guard", "save", tmp_path, folders / "base", "--workers", "1").returncode == 0
    assert ddoc(folders, "guard", "check", tmp_path, folders / "same", "--workers", "1").returncode == 0
    failed = ddoc(folders, "guard", "check", tmp_path, folders / "dark", "--json", "--workers", "1")
    assert failed.returncode == 4
    assert json.loads(failed.stdout)["outcome"] == "fail"


def test_errors_are_one_line_with_their_code(folders: Path) -> None:
    few = ddoc(folders, "drift", folders / "base", folders / "few", "--workers", "1")
    assert few.returncode == 1
    assert few.stderr.strip().endswith("(too-few-images)")
    assert "Traceback" not in few.stderr
    absent = ddoc(folders, "analyze", folders / "absent")
    assert absent.returncode == 1
    assert "(no-such-path)" in absent.stderr


def test_fsck_finds_a_whole_root_whole_and_damaged_vectors_damaged(tmp_path: Path) -> None:
    root = tmp_path / "root"
    make_root(root, n=8)
    assert ddoc(tmp_path, "analyze", root, "--workers", "1").returncode == 0
    whole = ddoc(tmp_path, "fsck", root, "--json")
    assert (whole.returncode, json.loads(whole.stdout)["findings"]) == (0, [])
    matrix = root / ".ddoc" / "vectors" / "descriptor-1" / "matrix.f16"
    data = bytearray(matrix.read_bytes())
    data[100] ^= 255
    matrix.write_bytes(bytes(data))
    damaged = ddoc(tmp_path, "fsck", root, "--json")
    assert damaged.returncode == 4
    assert json.loads(damaged.stdout)["findings"][0]["code"] == "damaged-vectors"
    assert ddoc(tmp_path, "fsck", tmp_path / "absent").returncode == 1


def test_a_guard_of_another_encoder_is_refused_before_anything_is_embedded(
    folders: Path, tmp_path: Path
) -> None:
    guard = tmp_path / "guard"
    assert ddoc(folders, "guard", "save", guard, folders / "base").returncode == 0
    facts = json.loads((guard / "guard.json").read_text("utf-8"))
    (guard / "guard.json").write_text(json.dumps(facts | {"encoder": "descriptor-0"}), "utf-8")
    empty = tmp_path / "cache"
    done = ddoc(folders, "guard", "check", guard, folders / "same", "--cache", empty)
    assert done.returncode == 1
    assert "(encoders-differ)" in done.stderr
    assert not empty.exists()
