"""The 2-D map over HTTP: there as soon as the embedding is, and better when its own job has ended."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
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


def read_map(client: TestClient, workspace: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the map's head and its columns by name."""
    answer = client.get(f"/workspace/{workspace}/analysis/embedding/map")
    assert answer.status_code == 200, answer.text
    line, _, body = answer.content.partition(b"\n")
    assert (len(line) + 1) % 8 == 0
    head, columns = json.loads(line), {}
    for column in head["columns"]:
        name, _, kind = column.partition(":")
        columns[name] = np.frombuffer(body, f"<{kind}", head["n"])
        body = body[columns[name].nbytes :]
    assert not body
    return head, columns


def test_the_map_is_shown_at_once_and_better_when_its_job_has_ended(
    client: TestClient, tmp_path: Path
) -> None:
    made = {"name": "mapped", "path": str(tmp_path / "import" / "base")}
    workspace = job(client, "/workspace/create", made)["workspace_id"]
    assert job(client, f"/workspace/{workspace}/analyze/embedding")["state"] == "complete"
    clusters = client.get(f"/workspace/{workspace}/analysis/results").json()["embedding"]["clusters"]
    listed = {
        i["item_id"] for i in client.get(f"/workspace/{workspace}/data/items?limit=100").json()["items"]
    }
    assert sum(c["size"] for c in clusters) == 60
    assert all(c["examples"] and set(c["examples"]) <= listed for c in clusters)
    classes = client.get(f"/workspace/{workspace}/data/stats").json()["classes"]
    assert {name for c in clusters for name in c["label_counts"]} == set(classes)
    shown, first = read_map(client, workspace)
    assert shown["projection"] in {"pca", "pacmap"}
    assert shown["n"] == 60
    arranged = [j for j in client.get("/jobs").json()["items"] if j["kind"] == "analyze-map"]
    assert len(arranged) == 1
    deadline = time.monotonic() + 120
    while client.get(f"/jobs/{arranged[0]['job_id']}").json()["state"] != "succeeded":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    better, second = read_map(client, workspace)
    assert better["projection"] == "pacmap"
    assert list(second["item_id"]) == list(first["item_id"])
    listed = client.get(f"/workspace/{workspace}/data/items?limit=100").json()["items"]
    place = {item["item_id"]: shown["splits"].index(item["split"]) for item in listed}
    found = {f"{i:016x}": int(s) for i, s in zip(first["item_id"], first["split"], strict=True)}
    assert found == place
    job(client, f"/workspace/{workspace}/analyze/embedding")
    again = [j for j in client.get("/jobs").json()["items"] if j["kind"] == "analyze-map"]
    assert len(again) == 1  # nothing new: the map is not arranged once more
