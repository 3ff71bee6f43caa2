"""The list of workspaces while one is being made."""

from pathlib import Path
from typing import cast

from fastapi import FastAPI

from tests.api.kernel_client import open_client
from tests.fixtures.make_data import make_yolo

WAIT = {"Prefer": "wait=60"}


def test_a_workspace_that_was_never_looked_at_is_counted_for_the_list(tmp_path: Path) -> None:
    source = tmp_path / "import" / "set"
    make_yolo(source, n=4)
    with open_client(tmp_path, import_roots=(tmp_path / "import",)) as client:
        made = client.post("/workspace/create", json={"name": "new", "path": str(source)}, headers=WAIT)
        assert made.json()["state"] == "succeeded", made.text
        services = cast(FastAPI, client.app).state.services
        # as between the record's birth and the first look at the data, and after a kill in between
        services.catalog.workspaces.update("new", summary={})
        services.roots.close(services.roots.workspace_root("new"))

        listed = client.get("/workspaces")

        assert listed.status_code == 200, listed.text
        assert listed.json()["workspaces"][0]["items"] == 4
        assert services.catalog.workspaces.get("new").summary["items"] == 4
