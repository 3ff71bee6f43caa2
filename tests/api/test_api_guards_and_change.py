"""Guards, before and after, and what lies around them, over HTTP in this process."""

import base64
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.api.kernel_client import open_client
from tests.fixtures.make_data import make_yolo

WAIT = {"Prefer": "wait=120"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    root = tmp_path_factory.mktemp("guards-api")
    imports = root / "import"
    make_yolo(imports / "base", n=120)
    make_yolo(imports / "same", n=120, seed=9)
    shutil.copytree(imports / "base", imports / "dark")
    for path in sorted((imports / "dark").rglob("*.jpg")):
        picture = cv2.imread(str(path))
        assert picture is not None
        assert cv2.imwrite(str(path), (picture * 0.35).astype(np.uint8))
    with open_client(root, import_roots=(imports,)) as opened:
        yield opened


def job(client: TestClient, path: str, body: dict[str, Any] | None = None) -> Any:
    answer = client.post(path, json=body, headers=WAIT)
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "succeeded", answer.text
    return answer.json()["result"]


@pytest.fixture(scope="module")
def datasets(client: TestClient) -> dict[str, str]:
    root = client.app.state.settings.import_roots[0]  # type: ignore[attr-defined]
    return {
        name: job(client, "/datasets/register", {"name": name, "path": str(root / name)})["dataset_id"]
        for name in ("base", "same", "dark")
    }


@pytest.fixture(scope="module")
def guard(client: TestClient, datasets: dict[str, str]) -> dict[str, Any]:
    return job(client, "/guards", {"name": "주간 점검", "base_dataset_id": datasets["base"]})


def test_a_guard_passes_what_is_alike_and_fails_what_drifted_naming_the_images(
    client: TestClient, datasets: dict[str, str], guard: dict[str, Any]
) -> None:
    alike = job(client, f"/guards/{guard['guard_id']}/check", {"target_dataset_id": datasets["same"]})
    assert (alike["outcome"], alike["failing"]) == ("pass", 0)
    dark = job(client, f"/guards/{guard['guard_id']}/check", {"target_dataset_id": datasets["dark"]})
    assert dark["outcome"] == "fail"
    found = client.get(f"/guards/{guard['guard_id']}/checks/{dark['report_id']}").json()
    assert len(found["failing"]) == dark["failing"] > 60
    listed = client.get("/guards").json()["items"][0]
    assert listed["name"] == "주간 점검"
    assert (listed["checks"], listed["last_check"]["outcome"]) == (2, "fail")
    outcomes = [
        c["guard"]["outcome"] for c in client.get(f"/guards/{guard['guard_id']}/checks").json()["items"]
    ]
    assert outcomes == ["fail", "pass"]
    assert client.get(f"/drift/{dark['report_id']}").json()["guard"]["failing"] == dark["failing"]
    at = f"/drift/{dark['report_id']}"
    listed_items = client.get(f"{at}/items?limit=500").json()["items"]
    ids = client.get(f"{at}/ids").json()
    assert ids == [item["item_id"] for item in listed_items]
    assert client.get(f"{at}/ids?offset=3&limit=2").json() == ids[3:5]
    parts = [client.get(f"{at}/ids?cluster={cluster}").json() for cluster in range(64)]
    assert sorted(i for part in parts for i in part) == sorted(ids)
    for cluster in client.get(at).json()["new_clusters"]:
        assert len(parts[cluster["id"]]) == cluster["target"]


def test_a_guard_needs_its_base_no_more(client: TestClient, datasets: dict[str, str]) -> None:
    root = client.app.state.settings.import_roots[0]  # type: ignore[attr-defined]
    lent = job(client, "/datasets/register", {"name": "lent", "path": str(root / "base")})["dataset_id"]
    made = job(client, "/guards", {"name": "lent", "base_dataset_id": lent})
    assert client.delete(f"/datasets/{lent}").status_code == 204
    found = job(client, f"/guards/{made['guard_id']}/check", {"target_dataset_id": datasets["dark"]})
    assert found["outcome"] == "fail"
    assert client.get(f"/drift/{found['report_id']}/items?side=base").status_code == 200
    assert client.get(f"/drift/{found['report_id']}/report.html").status_code == 200
    assert client.delete(f"/guards/{made['guard_id']}").status_code == 204
    assert client.get(f"/guards/{made['guard_id']}").json()["code"] == "unknown-guard"
    assert client.get(f"/drift/{found['report_id']}").status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/guards", {"name": "x"}, 422, "invalid-input"),
        ("/guards", {"name": "x", "base_dataset_id": "nobody"}, 404, "unknown-dataset"),
        ("/guards/nobody/check", {"target_dataset_id": "nobody"}, 404, "unknown-guard"),
    ],
)
def test_bad_requests_get_a_problem(
    client: TestClient, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    answer = client.post(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_before_and_after_of_a_curation_of_the_base(client: TestClient, datasets: dict[str, str]) -> None:
    before = job(
        client, "/drift", {"base_dataset_id": datasets["base"], "target_dataset_id": datasets["dark"]}
    )
    made = job(client, "/workspace/create", {"name": "curated", "dataset_id": datasets["base"]})
    other = job(client, "/workspace/create", {"name": "from dark", "dataset_id": datasets["dark"]})
    chosen = job_free(
        client,
        f"/workspace/{other['workspace_id']}/data/sample",
        {"strategy": {"kind": "random"}, "size": 60},
    )
    added = client.post(
        f"/workspace/{made['workspace_id']}/data/add",
        json={
            "items": [
                {"workspace_id": other["workspace_id"], "selection": {"sample_id": chosen["sample_id"]}}
            ],
            "target_split": "extra",
        },
    )
    assert added.json()["changed"] == 60, added.text
    version = job(client, f"/workspace/{made['workspace_id']}/snapshot", {"message": "with dark ones"})
    after = job(
        client,
        "/drift",
        {
            "base_workspace_id": made["workspace_id"],
            "base_snapshot_id": version["snapshot_id"],
            "target_dataset_id": datasets["dark"],
        },
    )
    related = client.get(f"/drift/{after['report_id']}/related").json()
    assert before["report_id"] in [r["report_id"] for r in related]
    change = client.get(f"/drift/{after['report_id']}/before-after?before={before['report_id']}")
    found = change.json()
    assert change.status_code == 200, change.text
    assert found["score"]["after"] < found["score"]["before"]
    assert (found["items"]["before"], found["added"]) == (120, 60)
    assert (found["before"]["report"]["report_id"], found["after"]["report"]["report_id"]) == (
        before["report_id"],
        after["report_id"],
    )
    other_target = job(
        client, "/drift", {"base_dataset_id": datasets["base"], "target_dataset_id": datasets["same"]}
    )
    refused = client.get(f"/drift/{after['report_id']}/before-after?before={other_target['report_id']}")
    assert (refused.status_code, refused.json()["code"]) == (422, "targets-differ")


def job_free(client: TestClient, path: str, body: dict[str, Any]) -> Any:
    answer = client.post(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def test_the_html_report_shows_the_images(client: TestClient, datasets: dict[str, str]) -> None:
    report = job(
        client, "/drift", {"base_dataset_id": datasets["same"], "target_dataset_id": datasets["dark"]}
    )
    page = client.get(f"/drift/{report['report_id']}/report.html?lang=ko").text
    pictures = re.findall(r'src="data:image/webp;base64,([^"]+)"', page)
    assert len(pictures) == 24
    decoded = cv2.imdecode(np.frombuffer(base64.b64decode(pictures[0]), np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None


def test_an_image_that_was_removed_can_still_be_looked_at_until_gc_frees_it(
    client: TestClient, datasets: dict[str, str]
) -> None:
    place = f"/workspace/{job(client, '/workspace/create', {'name': 'seen', 'dataset_id': datasets['base']})['workspace_id']}"
    item = client.get(f"{place}/data/items?limit=1").json()["items"][0]
    assert client.post(f"{place}/data/remove", json={"item_ids": [item["item_id"]]}).json()["changed"] == 1
    shown = client.get(f"{place}/content/{item['content_hash']}/preview?size=64")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")
    assert "immutable" in shown.headers["cache-control"]
    assert client.get(f"{place}/content/{'0' * 32}/preview").json()["code"] == "unknown-content"
    freed = job(client, f"{place}/gc")
    assert "trash_bytes" in freed
    trash = Path(client.app.state.settings.workspaces_root) / place.rsplit("/", 1)[-1] / ".ddoc" / "trash"  # type: ignore[attr-defined]
    assert not list(trash.rglob("*.jpg"))
    assert client.post(f"{place}/data/undo").json()["code"] == "nothing-to-undo"


def test_views_are_named_listed_replaced_and_forgotten(client: TestClient, datasets: dict[str, str]) -> None:
    place = f"/workspace/{job(client, '/workspace/create', {'name': 'views', 'dataset_id': datasets['base']})['workspace_id']}/data"
    first = client.post(f"{place}/saved-views", json={"name": "배경", "filter": {"has_annotations": False}})
    assert first.status_code == 201
    client.post(
        f"{place}/saved-views", json={"name": "배경", "filter": {"annotated": True}, "sort": "-bytes"}
    )
    (kept,) = client.get(f"{place}/saved-views").json()
    assert (kept["name"], kept["filter"], kept["sort"]) == ("배경", {"annotated": True}, "-bytes")
    assert client.delete(f"{place}/saved-views/{kept['saved_id']}").status_code == 204
    assert client.get(f"{place}/saved-views").json() == []
    view = client.post(f"{place}/views", json={"filter": {"split": "train"}}).json()
    item = client.get(f"{place}/views/{view['view_id']}/items?limit=1").json()
    assert item["stale"] is False
    client.post(f"{place}/move", json={"item_ids": [item["items"][0]["item_id"]], "target_split": "val"})
    assert client.get(f"{place}/views/{view['view_id']}/items").json()["stale"] is True


def test_a_recipe_with_a_sample_is_chosen_anew_elsewhere(
    client: TestClient, datasets: dict[str, str]
) -> None:
    made = [
        f"/workspace/{job(client, '/workspace/create', {'name': name, 'dataset_id': datasets[name]})['workspace_id']}/data"
        for name in ("base", "same")
    ]
    sample = job_free(client, f"{made[0]}/sample", {"strategy": {"kind": "stratified"}, "size": 30})
    body = {"sample_id": sample["sample_id"], "action": "move", "target_split": "test"}
    assert client.post(f"{made[0]}/apply-sample", json=body).json()["changed"] == 30
    split = {"ratios": {"train": 0.5, "val": 0.5}, "frozen": ["test"], "stable": True}
    assert client.post(f"{made[0]}/split", json=split).status_code == 200
    recipe = client.get(f"{made[0]}/recipe").json()
    replayed = client.post(f"{made[1]}/recipe", json={"recipe": recipe}).json()
    assert [(s["kind"], s["outcome"]) for s in replayed["steps"]] == [
        ("apply_sample", "done"),
        ("split", "done"),
    ]
    assert client.get(f"{made[1]}/stats").json()["splits"]["test"] == 30
    taken = job(client, f"{made[0].removesuffix('/data')}/snapshot", {"message": "Applied"})
    graph = client.get(f"{made[0].removesuffix('/data')}/lineage").json()
    edge = {"from": sample["sample_id"], "to": taken["snapshot_id"], "relation": "applied"}
    assert edge in graph["edges"]
