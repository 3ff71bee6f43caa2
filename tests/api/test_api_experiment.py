"""Trainers and runs over HTTP, in this process, with a real MLflow server."""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.kernel_client import open_client
from tests.fixtures.make_data import SIZE, make_yolo
from tests.fixtures.mlflow_server import shared_server

WAIT = {"Prefer": "wait=60"}
GOOD = b"""
import ddoc
def train(dataset_path, output_dir, epochs=2):
    for step in range(epochs):
        ddoc.report(step, loss=1 / (step + 1)); print("schritt", step, "\xed\x95\x9c\xea\xb8\x80")
    (output_dir / "model.bin").write_bytes(b"x")
    return {"model_path": "model.bin", "metrics": {"score": float("nan")}}
"""
SLOW = b"""
import ddoc, time
def train(dataset_path, output_dir):
    for step in range(600):
        ddoc.report(step, loss=step); print("step", step); time.sleep(0.05)
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    root = tmp_path_factory.mktemp("experiments-api")
    source = root / "import" / "set"
    make_yolo(source, n=12)
    with open_client(
        root, mlflow_tracking_uri=shared_server().uri, import_roots=(root / "import",)
    ) as opened:
        made = opened.post("/workspace/create", json={"name": "runs", "path": str(source)}, headers=WAIT)
        assert made.json()["state"] == "succeeded", made.text
        yield opened


def upload(client: TestClient, trainer: str, code: bytes, *, name: str = "train.py") -> Any:
    return client.post("/workspace/runs/code/upload", files={"file": (name, code)}, data={"trainer": trainer})


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in files.items():
            archive.writestr(path.replace("__", "/").replace("_py", ".py").replace("_yaml", ".yaml"), content)
    return buffer.getvalue()


def run(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/workspace/runs/experiment/run", json=body, headers=WAIT)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_trainer_is_uploaded_run_listed_and_read(client: TestClient) -> None:
    answer = upload(client, "good", GOOD)
    assert answer.status_code == 201, answer.text
    assert answer.json()["trainer"] == "good"
    assert answer.json()["files"] == ["train.py"]
    assert [(c["name"], c["ok"]) for c in answer.json()["checks"]] == [
        ("syntax", True),
        ("entry-point", True),
        ("config", True),
        ("needs", True),
    ]
    job = run(client, trainer="good", params={"epochs": 3}, name="처음")
    assert job["state"] == "succeeded", job
    result = job["result"]
    assert (result["state"], result["snapshot_id"], result["name"]) == ("succeeded", "v1", "처음")
    assert result["metrics"] == {"loss": pytest.approx(1 / 3), "score": None}
    assert result["job_id"] == job["job_id"]
    experiment_id = result["experiment_id"]
    assert experiment_id in result["mlflow_url"]
    listed = client.get("/workspace/runs/experiments").json()
    assert [r["experiment_id"] for r in listed["experiments"]] == [experiment_id]
    assert listed["total"] == 1
    detail = client.get(f"/workspace/runs/experiment/{experiment_id}", params={"max_points": 2}).json()
    assert detail["histories"]["loss"][0]["step"] == 0
    assert "model/model.bin" in {a["path"] for a in detail["artifacts"]}
    assert client.get("/workspace/runs/status").json()["experiments"] == 1
    graph = client.get("/workspace/runs/lineage").json()
    assert experiment_id in {n["id"] for n in graph["nodes"]}
    edges = {(e["from"], e["to"], e["relation"]) for e in graph["edges"]}
    assert ("v1", experiment_id, "trained-on") in edges
    assert (experiment_id, f"{experiment_id}:model", "produced") in edges
    (model,) = [n for n in graph["nodes"] if n["type"] == "model"]
    assert model["label"] == "model.bin"
    log_reads_as_text_range_and_stream(client, f"/workspace/runs/experiment/{experiment_id}/log")


def log_reads_as_text_range_and_stream(client: TestClient, url: str) -> None:
    whole = client.get(url)
    assert "schritt 2 한글\n" in whole.text
    assert whole.headers["x-log-complete"] == "true"
    part = client.get(url, headers={"Range": "bytes=0-6"})
    assert (part.status_code, len(part.content)) == (206, 7)
    assert part.headers["content-range"] == f"bytes 0-6/{len(whole.content)}"
    assert client.get(url, headers={"Range": "bytes=-5"}).content == whole.content[-5:]
    assert client.get(url, headers={"Range": "bytes=999999-"}).status_code == 416
    events = client.get(url, headers={"Accept": "text/event-stream"}).text
    sent = [json.loads(line[6:]) for line in events.splitlines() if line.startswith("data: ")]
    assert "".join(event.get("text", "") for event in sent) == whole.text
    assert "event: end" in events
    rest = client.get(
        url, headers={"Accept": "text/event-stream", "Last-Event-ID": str(len(whole.content))}
    ).text
    assert "event: log" not in rest


def test_templates_are_copied_in_once(client: TestClient) -> None:
    templates = {t["name"]: t for t in client.get("/workspace/runs/code/templates").json()}
    assert {"blank", "embedding_probe", "torch_classifier"} <= set(templates)
    assert templates["embedding_probe"]["missing"] == []
    assert {p["name"] for p in templates["embedding_probe"]["params"]} >= {"encoder", "seed"}
    made = client.post("/workspace/runs/code/templates/blank", json={"name": "mine"})
    assert (made.status_code, made.json()["trainer"]) == (201, "mine")
    again = client.post("/workspace/runs/code/templates/blank", json={"name": "mine"})
    assert (again.status_code, again.json()["code"]) == (409, "trainer-exists")
    assert client.post("/workspace/runs/code/templates/nothing").json()["code"] == "template-not-found"
    assert "mine" in {t["name"] for t in client.get("/workspace/runs/code/trainers").json()}


@pytest.mark.parametrize(
    ("name", "code", "problem"),
    [
        ("train.py", b"def train(:", "trainer-check-failed"),
        ("train.py", b"X = 1", "trainer-check-failed"),
        ("train.py", b"def train(d): ...", "trainer-check-failed"),
        ("train.py", b"\xff\xfe", "trainer-check-failed"),
        ("train.exe", b"MZ", "not-a-trainer"),
        ("t.zip", zipped(other_py=b"print(1)"), "trainer-check-failed"),
        ("t.zip", zipped(train_py=GOOD, config_yaml=b"format: parquet"), "trainer-check-failed"),
        ("t.zip", zipped(train_py=GOOD, config_yaml=b"limits: {memory: 1}"), "trainer-check-failed"),
        ("t.zip", b"PK\x03\x04broken", "broken-archive"),
        ("t.zip", zipped(**{"..__train_py": GOOD}), "unsafe-path"),
    ],
)
def test_code_that_cannot_be_a_trainer_is_refused(
    client: TestClient, name: str, code: bytes, problem: str
) -> None:
    answer = upload(client, "refused", code, name=name)
    assert (answer.status_code, answer.json()["code"]) == (422, problem), answer.text
    assert "refused" not in {t["name"] for t in client.get("/workspace/runs/code/trainers").json()}


def test_a_zip_with_one_folder_and_missing_packages_is_kept_and_told(client: TestClient) -> None:
    answer = upload(
        client, "needy", zipped(my__train_py=GOOD, my__config_yaml=b"needs: [no-such-thing]"), name="a.zip"
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["files"] == ["config.yaml", "train.py"]
    assert answer.json()["checks"][-1] == {
        "name": "needs",
        "ok": False,
        "detail": "not installed: no-such-thing",
    }
    refused = client.post("/workspace/runs/experiment/run", json={"trainer": "needy"})
    assert (refused.status_code, refused.json()["code"]) == (422, "trainer-needs-missing")


@pytest.mark.parametrize("trainer", ["..", "a/b", "", "a b", ".hidden", "x" * 200])
def test_a_trainer_has_the_name_of_an_id(client: TestClient, trainer: str) -> None:
    assert upload(client, trainer, GOOD).status_code == 422


def test_a_run_that_fails_says_why(client: TestClient) -> None:
    upload(client, "bad", b"def train(d, o): raise ValueError('reason')")
    job = run(client, trainer="bad")
    assert (job["state"], job["error"]["code"], job["error"]["status"]) == ("failed", "run-failed", 422)
    assert job["error"]["reason"] == "dry-run-failed"
    experiment_id = job["error"]["experiment_id"]
    assert client.get(f"/workspace/runs/experiment/{experiment_id}").json()["state"] == "failed"
    assert "ValueError: reason" in client.get(f"/workspace/runs/experiment/{experiment_id}/log").text


def started(client: TestClient, trainer: str) -> tuple[str, str]:
    """Start a run and return (job id, experiment id) once it reports metrics."""
    job_id = client.post("/workspace/runs/experiment/run", json={"trainer": trainer}).json()["job_id"]
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        for found in client.get("/workspace/runs/experiments").json()["experiments"]:
            if found["job_id"] == job_id and found["metrics"]:
                return job_id, found["experiment_id"]
        time.sleep(0.1)
    raise AssertionError("the run did not report")


def job_ended(client: TestClient, job_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while (job := client.get(f"/jobs/{job_id}").json())["ended_at"] is None:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return job


@pytest.mark.parametrize("how", ["stop", "cancel"])
def test_a_run_is_stopped_by_stop_and_by_cancel(client: TestClient, how: str) -> None:
    upload(client, "slow", zipped(train_py=SLOW, config_yaml=b"dry_run: false"), name="slow.zip")
    job_id, experiment_id = started(client, "slow")
    running = client.get(f"/workspace/runs/experiment/{experiment_id}").json()
    assert running["state"] == "running"
    began = time.monotonic()
    if how == "stop":
        assert client.post(f"/workspace/runs/experiment/{experiment_id}/stop").status_code == 200
    else:
        client.post(f"/jobs/{job_id}/cancel")
    assert job_ended(client, job_id)["state"] == "cancelled"
    assert time.monotonic() - began < 15
    assert client.get(f"/workspace/runs/experiment/{experiment_id}").json()["state"] == "stopped"


def test_changed_data_is_snapshotted_by_a_job_before_the_run(client: TestClient) -> None:
    upload(client, "good", GOOD)
    page = client.get("/workspace/runs/data/items", params={"split": "train", "limit": 1}).json()
    selection = {"item_ids": [page["items"][0]["item_id"]]}
    moved = client.post("/workspace/runs/data/move", json={**selection, "target_split": "val"})
    assert moved.status_code == 200, moved.text
    first = run(client, trainer="good", snapshot_id="v1")["result"]
    second = run(client, trainer="good")["result"]
    assert (first["snapshot_id"], second["snapshot_id"]) == ("v1", "v2")
    assert client.get("/workspace/runs/experiments", params={"snapshot_id": "v2"}).json()["total"] == 1
    ids = f"{first['experiment_id']},{second['experiment_id']}"
    compared = client.get("/workspace/runs/experiment/compare", params={"ids": ids}).json()
    assert compared["metrics"]["score"] == [None, None]
    assert compared["changed_params"] == []
    assert (compared["data"]["from"], compared["data"]["to"]) == ("v1", "v2")


def test_what_is_not_there_is_not_found(client: TestClient) -> None:
    assert client.get("/workspace/none/experiments").status_code == 404
    assert client.get("/workspace/runs/experiment/0123abcd").json()["code"] == "experiment-not-found"
    assert client.get("/workspace/runs/experiment/0123abcd/log").json()["code"] == "experiment-not-found"
    assert client.post("/workspace/runs/experiment/0123abcd/stop").status_code == 404
    answer = client.post("/workspace/runs/experiment/run", json={"trainer": "none"})
    assert (answer.status_code, answer.json()["code"]) == (404, "trainer-not-found")
    answer = client.post("/workspace/runs/experiment/run", json={"trainer": "good", "snapshot_id": "v99"})
    assert answer.status_code == 404
    answer = client.get("/workspace/runs/experiment/compare", params={"ids": "one"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-ids")


PREDICTING = b"""
import json
def train(dataset_path, output_dir):
    rows = []
    for image in sorted(dataset_path.rglob("*.jpg")):
        label = image.parents[2] / "labels" / image.parent.name / (image.stem + ".txt")
        for line in label.read_text().splitlines():
            number, x, y, w, h = map(float, line.split())
            box = [(x - w / 2) * SIZE[0], (y - h / 2) * SIZE[1], w * SIZE[0], h * SIZE[1]]
            rows.append({"file_name": image.name, "category_id": int(number), "score": 0.95, "bbox": box})
    rows[0]["category_id"] = (rows[0]["category_id"] + 1) % 3
    (output_dir / "predictions.json").write_text(json.dumps(rows))
    (output_dir / "m").write_bytes(b"x")
    return {"model_path": "m", "metrics": {}, "artifacts": ["predictions.json"]}
"""


def test_labels_are_held_against_the_predictions_of_a_run(client: TestClient) -> None:
    assert client.get("/workspace/runs/data/quality").json()["predictions"] is None
    code = PREDICTING.replace(b"import json", f"import json\nSIZE = {SIZE}".encode())
    assert upload(client, "predicting", code).status_code == 201
    done = run(client, trainer="predicting", params={}, name="예측")["result"]
    found = client.get("/workspace/runs/data/quality").json()
    assert found["predictions"] == {
        "experiment_id": done["experiment_id"],
        "name": "예측",
        "snapshot_id": done["snapshot_id"],
        "problem": None,
    }
    (doubted,) = [row for row in found["labels"] if row["code"] == "wrong-class"]
    assert doubted["facts"]["confidence"] == 0.95
    other = client.get("/workspace/runs/data/quality", params={"experiment_id": "nobody"})
    assert (other.status_code, other.json()["code"]) == (404, "no-predictions")
