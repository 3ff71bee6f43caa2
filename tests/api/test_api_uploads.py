"""Resumable uploads: parts arrive in any number of requests, and finishing one makes the dataset."""

import base64
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.api.kernel_client import open_client
from tests.fixtures.make_data import make_yolo

TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with open_client(tmp_path) as opened:
        yield opened


def archive(folder: Path) -> bytes:
    make_yolo(folder, n=6)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                out.write(file, file.relative_to(folder))
    return buffer.getvalue()


def metadata(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


def begin(client: TestClient, size: int, **values: str) -> str:
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata(**values)}
    answer = client.post("/uploads/", headers=headers)
    assert answer.status_code == 201, answer.text
    location = answer.headers["location"]
    assert location.startswith("uploads/")
    return f"/{location}"


def send(client: TestClient, address: str, offset: int, part: bytes) -> dict[str, str]:
    headers = {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    answer = client.patch(address, content=part, headers=headers)
    assert answer.status_code == 204, answer.text
    return dict(answer.headers)


def test_an_upload_goes_on_where_it_was_cut_and_becomes_a_dataset(client: TestClient, tmp_path: Path) -> None:
    data = archive(tmp_path / "set")
    address = begin(client, len(data), filename="세트.zip", filetype="application/zip", name="이어 올린 세트")
    send(client, address, 0, data[:1000])
    resumed = client.head(address, headers=TUS)
    assert resumed.headers["upload-offset"] == "1000"
    last = send(client, address, 1000, data[1000:])
    job = client.get(f"/jobs/{last['x-ddoc-job']}").json()
    while job["state"] in {"queued", "running"}:
        job = client.get(f"/jobs/{last['x-ddoc-job']}").json()
    assert job["state"] == "succeeded", job
    assert (job["result"]["name"], job["result"]["items"]) == ("이어 올린 세트", 6)
    left = [p for p in (tmp_path / "workspaces" / ".ddoc" / "uploads").rglob("*") if p.is_file()]
    assert left == []


def test_a_file_that_is_no_archive_is_refused_before_it_is_sent(client: TestClient) -> None:
    headers = {
        **TUS,
        "Upload-Length": "10",
        "Upload-Metadata": metadata(filename="set.rar", filetype="application/vnd.rar"),
    }
    answer = client.post("/uploads/", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "unsupported-archive")
