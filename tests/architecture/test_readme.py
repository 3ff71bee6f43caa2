"""The documents say what is true."""

import re
from pathlib import Path

import pytest

from app.contract import openapi_text
from studio.readme import readme_with_tables

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "README.ko.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")


def test_the_tables_of_the_readme_list_every_route_and_setting() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert text == readme_with_tables(), "run `make openapi`"
    assert "| `POST /drift` |" in text
    assert "| `WORKSPACES_ROOT` |" in text


def test_the_committed_contract_is_what_the_service_offers() -> None:
    assert (ROOT / "ddoc-workspace" / "openapi.json").read_text("utf-8") == openapi_text(), (
        "run `make openapi`"
    )


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_to_a_file_leads_somewhere(document: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)", (ROOT / document).read_text("utf-8")):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target


def test_both_readmes_have_the_same_parts() -> None:
    english, korean = (
        re.findall(r"^#+ ", (ROOT / name).read_text("utf-8"), re.MULTILINE)
        for name in ("README.md", "README.ko.md")
    )
    assert abs(len(english) - len(korean)) <= 1  # API and settings are one part in Korean


def test_every_command_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for name in ("README.md", "README.ko.md", "CONTRIBUTING.md"):
        named = re.findall(r"(?:`|^)make ([a-z][a-z0-9-]*)", (ROOT / name).read_text("utf-8"), re.MULTILINE)
        assert set(named) <= targets, name
