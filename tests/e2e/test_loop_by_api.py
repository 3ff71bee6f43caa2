"""The whole loop once, by the API alone, on real photographs."""

import io
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from sklearn.metrics import roc_auc_score

from tests.e2e.conftest import DATA, Studio
from tests.e2e.real_data import target_of

pytestmark = pytest.mark.skipif(not (DATA / "bccd-voc.zip").exists(), reason="the real data is not here")
WAIT = {"Prefer": "wait=300"}


def finished(response: httpx.Response) -> Any:
    """Return the result of a job that has to succeed."""
    assert response.status_code == 200, response.text
    job = response.json()
    assert job["state"] == "succeeded", job
    return job["result"]


def ok(response: httpx.Response) -> Any:
    assert response.status_code < 300, response.text
    return response.json()


def upload(api: httpx.Client, path: Path, name: str) -> dict[str, Any]:
    with path.open("rb") as file:
        return finished(
            api.post("/datasets", files={"file": (path.name, file)}, data={"name": name}, headers=WAIT)
        )


@pytest.fixture(scope="module")
def client(studio: Studio) -> Any:
    with studio.client() as client:
        yield client


@pytest.fixture(scope="module")
def pair(client: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Both datasets, their drift report and both workspaces."""
    target_zip = tmp_path_factory.mktemp("target") / "목표.zip"
    touched = target_of(DATA / "bccd-voc.zip", target_zip)
    base = upload(client, DATA / "bccd-voc.zip", "혈액 세포")
    target = upload(client, target_zip, "목표")
    body = {"base_dataset_id": base["dataset_id"], "target_dataset_id": target["dataset_id"]}
    report = finished(client.post("/drift", json=body, headers=WAIT))
    made = {
        role: finished(
            client.post(
                "/workspace/create", json={"drift_report_id": report["report_id"], "role": role}, headers=WAIT
            )
        )
        for role in ("base", "target")
    }
    return {"base": base, "target": target, "report": report, "touched": touched, "workspaces": made}


def test_the_real_set_reads_as_it_is(pair: dict[str, Any]) -> None:
    base = pair["base"]
    assert (base["items"], base["annotations"]) == (364, 4888)
    assert base["splits"] == {"train": 205, "val": 87, "test": 72}
    assert set(base["classes"]) == {"WBC", "RBC", "Platelets"}


def test_the_three_roboflow_layouts_read_as_the_same_items(client: httpx.Client) -> None:
    seen = []
    for layout in ("coco", "voc", "yolov8"):
        path = str(DATA / f"roboflow-{layout}.zip")
        body = {"name": layout, "path": path}
        dataset = finished(client.post("/datasets/register", json=body, headers=WAIT))
        seen.append((dataset["items"], dataset["annotations"], dataset["splits"], sorted(dataset["classes"])))
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][0] == 4


def test_the_verdict_is_drift_and_every_touched_image_is_found(
    client: httpx.Client, pair: dict[str, Any]
) -> None:
    report = pair["report"]
    assert report["status"] == "drift"
    assert 0 < report["score"] <= 1
    assert report["p_value"] < 0.05
    assert report["embedding"]["encoder"].startswith("descriptor")
    scores: dict[str, float] = {}
    cursor = None
    while True:
        params = {"limit": 200, **({"cursor": cursor} if cursor else {})}
        page = ok(client.get(f"/drift/{report['report_id']}/items", params=params))
        scores |= {row["file_name"]: row["score"] for row in page["items"]}
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(scores) == page["total"] == 364
    truth = [name in pair["touched"] for name in scores]
    assert roc_auc_score(truth, list(scores.values())) >= 0.9


def test_the_loop_closes(client: httpx.Client, pair: dict[str, Any], tmp_path: Path) -> None:
    base, target = (pair["workspaces"][role]["workspace_id"] for role in ("base", "target"))
    report_id = pair["report"]["report_id"]

    # browse
    page = ok(client.get(f"/workspace/{target}/data/items", params={"split": "train", "limit": 10}))
    assert page["total"] == 205
    thumbnail = client.get(page["items"][0]["thumbnail_url"])
    assert thumbnail.headers["content-type"] == "image/webp"
    detail = ok(client.get(f"/workspace/{target}/data/item/{page['items'][0]['item_id']}"))
    assert detail["annotations"]

    # analyse: the drift report computed everything, so nothing is left to compute
    attributes = finished(client.post(f"/workspace/{target}/analyze/attributes", headers=WAIT))
    assert (attributes["run"]["computed"], attributes["state"]) == (0, "complete")
    embedding = finished(client.post(f"/workspace/{target}/analyze/embedding", headers=WAIT))
    assert (embedding["run"]["computed"], embedding["state"]) == (0, "complete")
    assert client.get(f"/workspace/{target}/analysis/embedding/map").content.index(b"\n") > 100

    assert ok(client.get(f"/workspace/{target}/analysis/duplicates"))["total"] >= 0
    similar = ok(
        client.get(f"/workspace/{target}/analysis/similar", params={"item_id": detail["item_id"], "limit": 5})
    )
    assert len(similar["items"]) == 5
    assert ok(client.get(f"/workspace/{target}/data/quality"))["counts"]

    # sample what drifted most, reproducibly
    strategy = {"kind": "threshold", "field": "drift_score", "report_id": report_id, "min": 0.5}
    body = {"strategy": strategy, "size": 40, "seed": 3}
    sample = ok(client.post(f"/workspace/{target}/data/sample", json=body))
    assert len(sample["item_ids"]) == 40
    assert ok(client.post(f"/workspace/{target}/data/sample", json=body))["item_ids"] == sample["item_ids"]

    # move them into the base workspace, relabel a few there, undo once
    add = {
        "items": [{"workspace_id": target, "selection": {"sample_id": sample["sample_id"]}}],
        "target_split": "train",
    }
    added = ok(client.post(f"/workspace/{base}/data/add", json=add))
    assert added["changed"] == 40
    assert ok(client.get(f"/workspace/{base}/data/stats"))["items"] == 404
    few = ok(client.get(f"/workspace/{base}/data/items", params={"class_filter": "WBC", "limit": 3}))["items"]
    ids = [item["item_id"] for item in few]
    relabel = {"item_ids": ids, "new_label": "백혈구", "from_label": "WBC"}
    assert ok(client.post(f"/workspace/{base}/data/relabel", json=relabel))["changed"] == 3
    ok(client.post(f"/workspace/{base}/data/undo"))
    relabelled = ok(client.post(f"/workspace/{base}/data/relabel", json=relabel))
    stale = client.post(
        f"/workspace/{base}/data/move",
        json={"item_ids": ids, "target_split": "val"},
        headers={"If-Match": '"long-gone"'},
    )
    assert (stale.status_code, stale.json()["code"]) == (412, "stale-version")
    moved = client.post(
        f"/workspace/{base}/data/move",
        json={"item_ids": ids, "target_split": "val"},
        headers={"If-Match": f'"{relabelled["data_version"]}"'},
    )
    assert ok(moved)["changed"] >= 1

    # snapshot: the status tells of unsaved changes before, and of none after
    before = ok(client.get(f"/workspace/{base}/status"))
    assert before["is_valid"]
    assert before["uncommitted_changes"]["added"] == 40
    taken = finished(
        client.post(
            f"/workspace/{base}/snapshot", json={"message": "표류 40장", "alias": "curated"}, headers=WAIT
        )
    )
    assert taken["data"]["items"] == 404
    assert ok(client.get(f"/workspace/{base}/status"))["uncommitted_changes"] == {
        "added": 0,
        "removed": 0,
        "modified": 0,
    }
    again = client.post(f"/workspace/{base}/snapshot", json={"message": "nothing"}, headers=WAIT).json()
    assert again["error"]["code"] == "nothing-to-snapshot"
    difference = ok(client.get(f"/workspace/{base}/snapshot/v1/diff/curated"))
    assert difference["counts"]["added"] == 40

    # train on exactly that snapshot
    ok(client.post(f"/workspace/{base}/code/templates/embedding_probe"))
    run = finished(
        client.post(
            f"/workspace/{base}/experiment/run",
            json={"trainer": "embedding_probe", "snapshot_id": "curated"},
            headers=WAIT,
        )
    )
    assert run["state"] == "succeeded", run
    assert run["snapshot_id"] == taken["snapshot_id"]
    assert run["metrics"]
    listed = ok(client.get(f"/workspace/{base}/experiments"))
    assert [r["experiment_id"] for r in listed["experiments"]] == [run["experiment_id"]]

    # restore the first version with unsaved changes present: they are kept
    ok(client.post(f"/workspace/{base}/data/remove", json={"item_ids": ids[:1]}))
    restored = finished(client.post(f"/workspace/{base}/snapshot/v1/restore", headers=WAIT))
    assert restored["saved_as"]
    assert ok(client.get(f"/workspace/{base}/data/stats"))["items"] == 364
    kept = finished(client.post(f"/workspace/{base}/snapshot/{restored['saved_as']}/restore", headers=WAIT))
    assert kept["restored"] == restored["saved_as"]
    assert ok(client.get(f"/workspace/{base}/data/stats"))["items"] == 403
    finished(client.post(f"/workspace/{base}/snapshot/curated/restore", headers=WAIT))

    # lineage holds it all
    graph = ok(client.get(f"/workspace/{base}/lineage"))
    assert {"dataset", "snapshot", "drift", "run"} <= {node["type"] for node in graph["nodes"]}
    assert {"from": taken["snapshot_id"], "to": run["experiment_id"], "relation": "trained-on"} in graph[
        "edges"
    ]

    # export in every format, and read each again
    for layout in ("coco", "yolo", "voc"):
        export = finished(
            client.post(f"/workspace/{base}/data/export", json={"format": layout}, headers=WAIT)
        )
        zipped = client.get(f"/workspace/{base}/data/exports/{export['export_id']}/download").content
        assert zipfile.ZipFile(io.BytesIO(zipped)).testzip() is None
        path = tmp_path / f"{layout}.zip"
        path.write_bytes(zipped)
        back = upload(client, path, f"back from {layout}")
        assert (back["items"], back["format"]) == (404, layout)

    # before and after: the same target against the curated base
    body = {"base_workspace_id": base, "base_snapshot_id": "curated", "target_workspace_id": target}
    after = finished(client.post("/drift", json=body, headers=WAIT))
    assert after["score"] < pair["report"]["score"]


def test_bad_input_gets_a_clear_problem(client: httpx.Client, pair: dict[str, Any], tmp_path: Path) -> None:
    base = pair["workspaces"]["base"]["workspace_id"]

    def failed(data: bytes, name: str = "x.zip") -> str:
        job = client.post("/datasets", files={"file": (name, data)}, headers=WAIT).json()
        return job["error"]["code"] if "state" in job else job["code"]

    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("readme.txt", "no images here")
    tiny = io.BytesIO()
    with zipfile.ZipFile(tiny, "w") as archive:
        archive.writestr("images/train/a.jpg", b"\xff\xd8\xff\xe0" + b"0" * 16)
    assert failed(b"PK\x03\x04 this is not a zip") == "broken-archive"
    assert failed(empty.getvalue()) == "no-images"
    assert failed(tiny.getvalue()) == "no-images"
    assert failed(b"abc", "x.rar") == "unsupported-archive"
    outside = client.post("/datasets/register", json={"name": "x", "path": "/etc"})
    assert (outside.status_code, outside.json()["code"]) == (422, "path-not-allowed")
    for path, status, code in (
        ("/workspace/nothing/status", 404, "unknown-workspace"),
        ("/workspace/a..b/status", 404, "unknown-workspace"),
        (f"/workspace/{base}/snapshot/v99", 404, "unknown-snapshot"),
        ("/nothing", 404, "unknown-route"),
    ):
        answer = client.get(path)
        assert answer.status_code == status, answer.text
        assert answer.json()["code"] == code
        assert answer.headers["content-type"] == "application/problem+json"
    for selection in ({"item_ids": []}, {"filter": {"class_name": "no such class"}}, {}):
        answer = client.post(f"/workspace/{base}/data/remove", json=selection)
        assert (answer.status_code, answer.json()["code"]) == (422, "empty-selection")
    unknown = client.post(
        f"/workspace/{base}/data/views", json={"filter": {"attribute": [{"name": "beauty"}]}}
    )
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown-field")
    missing = client.post(f"/workspace/{base}/snapshot/v99/restore", headers=WAIT)
    assert missing.status_code == 404
    taken = client.post(
        "/workspace/create", json={"workspace_id": base, "dataset_id": pair["base"]["dataset_id"]}
    )
    assert (taken.status_code, taken.json()["code"]) == (409, "workspace-exists")
