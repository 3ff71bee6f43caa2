"""Schemathesis on the OpenAPI: whatever a client sends, no 5xx, and every answer is as the contract says.

Half of the generated cases get ids that exist, so that they reach more than "not found". A failure prints the request
as a curl command; the cases are derived from the operation, so the same ones come again.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, openapi
from schemathesis.checks import CHECKS, load_all_checks
from starlette.testclient import TestClient

from tests.api.kernel_client import open_client
from tests.fixtures.make_data import make_yolo
from tests.fixtures.mlflow_server import shared_server

EXAMPLES = 62
REQUEST_FIELDS = ("method", "url", "headers", "files", "data", "params", "cookies", "json")
load_all_checks()
CHECKED = [
    CHECKS.get_one(name)
    for name in (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
    )
]
CONTRACT = Path(__file__).parents[2] / "ddoc-workspace" / "openapi.json"
OPERATIONS = {found.ok().label: found.ok() for found in openapi.from_path(CONTRACT).get_all_operations()}
QUIET = settings(
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    root = tmp_path_factory.mktemp("fuzzed")
    for seed, name in enumerate(("base", "target")):
        make_yolo(root / "import" / name, n=60, seed=seed)
    with open_client(
        root, import_roots=(root / "import",), mlflow_tracking_uri=shared_server().uri
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
def ids(client: TestClient) -> dict[str, str]:
    """Return ids that exist, by the name that they have in paths."""

    def result(path: str, body: dict[str, Any]) -> Any:
        answer = client.post(path, json=body, headers={"Prefer": "wait=120"}).json()
        assert answer["state"] == "succeeded", answer
        return answer["result"]

    imports = client.app.state.settings.import_roots[0]  # type: ignore[attr-defined]
    base, target = (
        result("/datasets/register", {"name": name, "path": str(imports / name)})["dataset_id"]
        for name in ("base", "target")
    )
    result("/workspace/create", {"workspace_id": "fuzzed", "dataset_id": base})
    report = result("/drift", {"base_dataset_id": base, "target_dataset_id": target})
    return {
        "workspace_id": "fuzzed",
        "dataset_id": target,
        "report_id": report["report_id"],
        "guard_id": result("/guards", {"name": "fuzzed", "base_dataset_id": base})["guard_id"],
        "item_id": client.get("/workspace/fuzzed/data/items?limit=1").json()["items"][0]["item_id"],
        "sid": "v1",
        "a": "v1",
        "b": "working",
    }


def send(client: TestClient, case: Case) -> Any:
    """Send a case through the client, whose application is running."""
    asked = case.as_transport_kwargs(base_url="http://localhost")
    ready = requests.Request(**{k: v for k, v in asked.items() if k in REQUEST_FIELDS}).prepare()
    return client.request(
        str(ready.method), str(ready.url), headers=dict(ready.headers), content=ready.body or b""
    )


@pytest.fixture(scope="module")
def statuses() -> Counter[int]:
    """Return how often each status was answered, over all operations."""
    return Counter()


@pytest.mark.parametrize(
    "label", [label for label in OPERATIONS if label != "GET /events"]
)  # which never ends
def test_answers_as_the_contract_says(
    client: TestClient, ids: dict[str, str], statuses: Counter[int], label: str
) -> None:
    operation = OPERATIONS[label]

    def check(case: Case) -> None:
        if case.operation.method.upper() != "DELETE" and statuses.total() % 4:
            case.path_parameters.update({k: ids[k] for k in case.path_parameters.keys() & ids.keys()})
        answer = send(client, case)
        statuses[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKED)

    settings(QUIET, max_examples=EXAMPLES)(given(operation.as_strategy())(check))()


def test_the_five_thousand_requests_reached_more_than_errors(statuses: Counter[int]) -> None:
    assert statuses.total() >= 5000
    assert statuses[200] > 1000
