"""Thumbnails while an edit moves the files."""

import threading
from pathlib import Path
from typing import cast

from fastapi import FastAPI

from tests.api.kernel_client import open_client
from tests.fixtures.make_data import make_yolo

WAIT = {"Prefer": "wait=60"}


def test_a_thumbnail_asked_for_during_an_edit_is_found_when_the_edit_is_done(tmp_path: Path) -> None:
    source = tmp_path / "import" / "set"
    make_yolo(source, n=4)
    with open_client(tmp_path, import_roots=(tmp_path / "import",)) as client:
        made = client.post("/workspace/create", json={"name": "new", "path": str(source)}, headers=WAIT)
        assert made.json()["state"] == "succeeded", made.text
        listed = client.get("/workspace/new/data/items?limit=1").json()["items"][0]
        dataset = cast(FastAPI, client.app).state.services.roots.workspace("new")
        path = dataset.layout.data / dataset.index.get(listed["item_id"]).path
        answers: list[int] = []
        asking = threading.Thread(
            target=lambda: answers.append(client.get(listed["thumbnail_url"]).status_code)
        )
        with dataset.index.writing():
            path.rename(path.with_suffix(".moving"))
            asking.start()
            asking.join(1)
            path.with_suffix(".moving").rename(path)
        asking.join(20)
        assert answers == [200]

        path.unlink()
        gone = client.get(f"{listed['thumbnail_url'].split('?')[0]}?size=1024")
        assert (gone.status_code, gone.json()["code"]) == (404, "image-missing")
