"""The MLflow server, by its REST API (`/api/2.0/mlflow`).

Not by its client library: that one retries for minutes when the server is down, sets a run's state by its own
rules, and costs two seconds and 150 MB to import. What we need is a dozen documented calls with short timeouts.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import httpx

from ddoc.errors import NotFoundError, UnavailableError

RunStatus = Literal["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]

# the server's own limits of one log-batch request
_MAX_METRICS, _MAX_PARAMS, _MAX_TAGS = 1000, 100, 100
_MAX_PARAM_VALUE, _MAX_TAG_VALUE = 6000, 8000
# how the SQLite store refuses a whole batch for one point that it has already
_POINT_EXISTS = "UNIQUE constraint failed: metrics."


@dataclass(frozen=True, slots=True)
class MetricPoint:
    """One value of a metric at a step; `timestamp` in milliseconds since 1970."""

    key: str
    value: float
    timestamp: int
    step: int


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """A run as MLflow has it. Times in milliseconds since 1970; `metrics` are the last values."""

    run_id: str
    experiment_id: str
    name: str
    status: RunStatus
    start_time: int | None
    end_time: int | None
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ArtifactFile:
    """One file of a run's artifacts; `path` is relative to the run's artifacts."""

    path: str
    bytes: int


class Tracking:
    """A client of one MLflow server. Raises UnavailableError when it cannot be reached, NotFoundError likewise."""

    def __init__(self, uri: str, *, timeout: float = 10.0) -> None:
        self.uri = uri.rstrip("/")
        # an idle connection is given up before MLflow does so (5 s), else a request may go into one that just closes
        limits = httpx.Limits(keepalive_expiry=2.0)
        # proxies of the environment are for the way out; MLflow is ours and near
        self._http = httpx.Client(base_url=self.uri, timeout=timeout, limits=limits, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def experiment_id(self, name: str) -> str | None:
        """Return the id of the experiment `name`, None when there is none."""
        try:
            answer = self._get("experiments/get-by-name", experiment_name=name)
        except NotFoundError:
            return None
        return str(answer["experiment"]["experiment_id"])

    def ensure_experiment(self, name: str) -> str:
        """Return the id of the experiment `name`, made if there is none."""
        known = self.experiment_id(name)
        if known is not None:
            return known
        return str(self._post("experiments/create", name=name)["experiment_id"])

    def create_run(
        self,
        *,
        experiment_id: str,
        name: str,
        started_ms: int,
        tags: Mapping[str, str],
        params: Mapping[str, Any],
    ) -> str:
        """Create a RUNNING run. Returns its id."""
        answer = self._post(
            "runs/create",
            experiment_id=experiment_id,
            run_name=name,
            start_time=started_ms,
            tags=[{"key": k, "value": v[:_MAX_TAG_VALUE]} for k, v in tags.items()],
        )
        run_id = str(answer["run"]["info"]["run_id"])
        pairs = [{"key": k, "value": str(v)[:_MAX_PARAM_VALUE]} for k, v in params.items()]
        for at in range(0, len(pairs), _MAX_PARAMS):
            self._post("runs/log-batch", run_id=run_id, params=pairs[at : at + _MAX_PARAMS])
        return run_id

    def log_input(self, run_id: str, *, name: str, digest: str, source: str) -> None:
        """Record the dataset that a run trains on, as `mlflow.log_input` of a MetaDataset does."""
        dataset = {
            "name": name,
            "digest": digest,
            "source_type": "local",
            "source": json.dumps({"uri": source}),
        }
        context = [{"key": "mlflow.data.context", "value": "training"}]
        self._post("runs/log-inputs", run_id=run_id, datasets=[{"dataset": dataset, "tags": context}])

    def log_metrics(self, run_id: str, points: Sequence[MetricPoint]) -> None:
        """Log the points in batches (thousands a second, where one call each does 158).

        Points that the server has from an earlier try, whose answer was lost, are passed over.
        """
        for at in range(0, len(points), _MAX_METRICS):
            self._log_batch(run_id, points[at : at + _MAX_METRICS])

    def _log_batch(self, run_id: str, points: Sequence[MetricPoint]) -> None:
        batch = [
            {"key": p.key, "value": _number(p.value), "timestamp": p.timestamp, "step": p.step}
            for p in points
        ]
        try:
            self._post("runs/log-batch", run_id=run_id, metrics=batch)
        except UnavailableError as error:
            if _POINT_EXISTS not in error.detail:
                raise
            half = len(points) // 2
            for part in (points[:half], points[half:]) if half else ():
                self._log_batch(run_id, part)

    def set_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Set tags of a run."""
        pairs = [{"key": k, "value": v[:_MAX_TAG_VALUE]} for k, v in tags.items()]
        for at in range(0, len(pairs), _MAX_TAGS):
            self._post("runs/log-batch", run_id=run_id, tags=pairs[at : at + _MAX_TAGS])

    def set_status(self, run_id: str, status: RunStatus, *, ended_ms: int | None = None) -> None:
        """Set a run's status and, for an ended one, its end."""
        ended = {} if ended_ms is None else {"end_time": ended_ms}
        self._post("runs/update", run_id=run_id, status=status, **ended)

    def run(self, run_id: str) -> TrackedRun:
        """Return one run. Raises NotFoundError."""
        return _run(self._get("runs/get", run_id=run_id)["run"])

    def search(
        self, experiment_ids: Sequence[str], *, filter_: str, limit: int, cursor: str | None = None
    ) -> tuple[list[TrackedRun], str | None]:
        """Return (a page of runs, newest first, and the cursor of the next page)."""
        answer = self._post(
            "runs/search",
            experiment_ids=list(experiment_ids),
            filter=filter_,
            max_results=limit,
            order_by=["attributes.start_time DESC"],
            **({} if cursor is None else {"page_token": cursor}),
        )
        return [_run(r) for r in answer.get("runs", [])], answer.get("next_page_token") or None

    def history(self, run_id: str, key: str, *, max_points: int) -> list[MetricPoint]:
        """Return a metric's points by step, thinned evenly by the server to about `max_points`."""
        answer = self._get(
            "metrics/get-history-bulk-interval", run_ids=run_id, metric_key=key, max_results=str(max_points)
        )
        return [
            MetricPoint(m["key"], float(m["value"]), int(m["timestamp"]), int(m.get("step", 0)))
            for m in answer.get("metrics", [])
        ]

    def log_artifact(self, run_id: str, experiment_id: str, file: Path, path: str) -> None:
        """Store a file as the run's artifact `path`."""
        url = f"/api/2.0/mlflow-artifacts/artifacts/{experiment_id}/{run_id}/artifacts/{quote(path)}"
        with file.open("rb") as content:
            self._checked("PUT", url, content=_blocks(content), timeout=600)

    def artifacts(self, run_id: str, *, limit: int = 1000) -> list[ArtifactFile]:
        """Return the files among a run's artifacts, at most `limit`, folders first walked breadth-wise."""
        files: list[ArtifactFile] = []
        folders: list[str] = [""]
        while folders and len(files) < limit:
            path = folders.pop(0)
            answer = self._get("artifacts/list", run_id=run_id, **({"path": path} if path else {}))
            for entry in answer.get("files", []):
                if entry.get("is_dir"):
                    folders.append(entry["path"])
                else:
                    files.append(ArtifactFile(entry["path"], int(entry.get("file_size", 0))))
        return files[:limit]

    def _get(self, call: str, **query: str) -> Any:
        return self._checked("GET", f"/api/2.0/mlflow/{call}", params=query).json()

    def _post(self, call: str, **body: Any) -> Any:
        return self._checked("POST", f"/api/2.0/mlflow/{call}", json=body).json()

    def _checked(self, method: str, url: str, **options: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, url, **options)
        except httpx.TransportError as error:
            raise UnavailableError(
                "the MLflow server does not answer", code="mlflow-unavailable", cause=type(error).__name__
            ) from error
        if answer.is_success:
            return answer
        message = _message(answer)
        if answer.status_code == 404:
            raise NotFoundError(f"MLflow: {message}", code="experiment-not-found")
        raise UnavailableError(f"MLflow: {message}", code="mlflow-refused", status=answer.status_code)


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("message", ""))[:500]
    except ValueError:
        return f"status {answer.status_code}"


def _number(value: float) -> float | str:
    """Return `value` as JSON for protobuf, which writes what JSON has no number for as a string."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _blocks(file: Any) -> Iterable[bytes]:
    while block := file.read(1 << 20):
        yield block


def _pairs(entries: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {entry["key"]: entry.get("value", "") for entry in entries}


def _run(run: Mapping[str, Any]) -> TrackedRun:
    info, data = run["info"], run.get("data", {})
    return TrackedRun(
        run_id=info["run_id"],
        experiment_id=str(info["experiment_id"]),
        name=info.get("run_name", ""),
        status=info["status"],
        start_time=info.get("start_time"),
        end_time=info.get("end_time"),
        params=_pairs(data.get("params", [])),
        metrics={m["key"]: float(m["value"]) for m in data.get("metrics", [])},
        tags=_pairs(data.get("tags", [])),
    )
