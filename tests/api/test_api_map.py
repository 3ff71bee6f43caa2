"""The 2-D map over HTTP: there as soon as the embedding is, and better when its own job has ended."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.kernel_client import open_client
from tests.fixtures.make_data import make_yolo

WAIT = {"Prefer": "wait=120"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    make_yolo(tmp_path / "import" / "base", n=60)
    with open_client(tmp_path, import_roots=(tmp_path / "import",)) as opened:
        yield opened


def job(client: TestClient, path: str, body: dict[str, Any] | None = None) -> Any:
    answer = client.post(path, json=body, headers=WAIT)
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "succeeded", answer.text
    return answer.json()["result"]


def head(client: TestClient, workspace: str) -> dict[str, Any]:
    answer = client.get(f"/workspace/{workspace}/analysis/embedding/map")
    assert answer.status_code == 200, answer.text
    return json.loads(answer.content.split(b"\n", 1)[0])


def test_the_map_is_shown_at_once_and_better_when_its_job_has_ended(
    client: TestClient, tmp_path: Path
) -> None:
    made = {"name": "mapped", "path": str(tmp_path / "import" / "base")}
    workspace = job(client, "/workspace/create", made)["workspace_id"]
    assert job(client, f"/workspace/{workspace}/analyze/embedding")["state"] == "complete"
    shown = head(client, workspace)
    assert shown["projection"] in {"pca", "pacmap"}
    assert shown["n"] == 60
    arranged = [j for j in client.get("/jobs").json()["items"] if j["kind"] == "analyze-map"]
    assert len(arranged) == 1
    deadline = time.monotonic() + 120
    while client.get(f"/jobs/{arranged[0]['job_id']}").json()["state"] != "succeeded":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    better = head(client, workspace)
    assert better["projection"] == "pacmap"
    assert better["item_ids"] == shown["item_ids"]
    job(client, f"/workspace/{workspace}/analyze/embedding")
    again = [j for j in client.get("/jobs").json()["items"] if j["kind"] == "analyze-map"]
    assert len(again) == 1  # nothing new: the map is not arranged once more
