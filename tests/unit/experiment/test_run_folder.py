"""Files of a run's folder are replaced whole, whoever else writes them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ddoc.experiment.runner.folder import read_json, write_json


def test_two_threads_of_the_service_may_write_one_record(tmp_path: Path) -> None:
    record = tmp_path / "run.json"

    def write(thread: int) -> None:
        for step in range(200):
            write_json(record, {"thread": thread, "step": step})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert (read_json(record) or {})["step"] == 199
    assert [p.name for p in tmp_path.iterdir()] == ["run.json"]
