"""The whole way once in headless Chromium."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import DATA, ROOT, TOKEN, Studio
from tests.e2e.real_data import target_of

pytestmark = [
    pytest.mark.skipif(not (DATA / "bccd-voc.zip").exists(), reason="the real data is not here"),
    pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed"),
]


def playwright(studio: Studio, spec: str, **extra: str) -> None:
    environment = {**os.environ, "DDOC_UI_URL": studio.ui, "DDOC_TOKEN": TOKEN, **extra}
    done = subprocess.run(
        ["npx", "--no-install", "playwright", "test", spec],
        cwd=ROOT / "frontend",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=1500,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


@pytest.mark.timeout(1500)
def test_a_new_user_goes_the_whole_way(studio: Studio, tmp_path: Path) -> None:
    target = tmp_path / "목표.zip"
    target_of(DATA / "bccd-voc.zip", target)
    playwright(studio, "loop", DDOC_BASE_ZIP=str(DATA / "bccd-voc.zip"), DDOC_TARGET_ZIP=str(target))


@pytest.mark.timeout(300)
def test_the_printed_address_signs_in_once(studio: Studio) -> None:
    playwright(studio, "sign-in", DDOC_READY_URL=studio.address)


@pytest.mark.timeout(600)
def test_every_route_is_accessible_in_both_languages_and_themes(studio: Studio) -> None:
    """Walks over what the loop above left behind."""
    playwright(studio, "routes")
