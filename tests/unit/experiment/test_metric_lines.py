"""Lines of `ddoc.report`: each read once, whatever a trainer writes between them."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ddoc
from ddoc.experiment.metric_lines import metric_name, read_points


def read_all(path: Path) -> list[tuple[str, float, int]]:
    """Read as the service does, from offset to offset."""
    offset, found = 0, []
    while (batch := read_points(path, offset)).next_offset != offset:
        found += [(p.key, p.value, p.step) for p in batch.points]
        offset = batch.next_offset
    return found


def test_reports_arrive_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "metrics.jsonl"
    monkeypatch.setenv("DDOC_METRICS_FILE", str(path))
    ddoc.report(0, loss=2, accuracy=0.5)
    ddoc.report(1, loss=float("nan"))
    found = read_all(path)
    assert found[:2] == [("loss", 2.0, 0), ("accuracy", 0.5, 0)]
    assert found[2][0] == "loss"
    assert math.isnan(found[2][1])


def test_outside_a_run_a_report_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DDOC_METRICS_FILE", raising=False)
    ddoc.report(3, loss=0.25)
    assert capsys.readouterr().out == "step 3: loss=0.25\n"
    with pytest.raises((TypeError, ValueError)):
        ddoc.report(1, loss="much")  # type: ignore[arg-type]


@given(
    st.lists(st.one_of(st.binary(max_size=60), st.just(b'{"step": 1}'), st.just(b"[1]"), st.just(b"null")))
)
def test_whatever_is_between_the_reports_is_passed_over(
    tmp_path_factory: pytest.TempPathFactory, noise: list[bytes]
) -> None:
    path = tmp_path_factory.mktemp("lines") / "metrics.jsonl"
    lines: list[bytes] = []
    for step, junk in enumerate(noise):
        lines.append(json.dumps({"step": step, "time": 1.0, "metrics": {"m": step}}).encode())
        lines.append(junk.replace(b"\n", b"").replace(b"\r", b""))
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    assert read_all(path) == [("m", float(step), step) for step in range(len(noise))]


def test_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    line = json.dumps({"step": 1, "time": 1.0, "metrics": {"m": 1}})
    path.write_text(line[:10])
    assert read_points(path, 0).next_offset == 0
    path.write_text(line + "\n")
    assert len(read_points(path, 0).points) == 1
    assert read_points(tmp_path / "none", 7).next_offset == 7


def test_names_are_what_mlflow_takes() -> None:
    assert metric_name("f1/고양이 (x)") == "f1/고양이 _x_"
    assert metric_name("/") == "_"
    assert len(metric_name("a" * 900)) == 250
