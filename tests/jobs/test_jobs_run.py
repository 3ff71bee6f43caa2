"""What becomes of a job: success, failure, crash, cancel, and who may run beside whom."""

import os
import threading
import time
from pathlib import Path

import pytest

from app.jobs import Jobs, request_key
from ddoc.errors import BusyError, ConflictError, InvalidInputError, NotFoundError
from tests.jobs.conftest import is_alive, open_jobs, wait_until
from tests.jobs.demo_kinds import KINDS


def test_a_body_runs_in_another_process_and_its_output_is_the_result(jobs: Jobs) -> None:
    job = jobs.submit("echo", params={"word": "안녕"})
    assert job.state == "queued"
    ended = jobs.wait(job.job_id, 30)
    assert (ended.state, ended.result, ended.attempt) == ("succeeded", {"word": "안녕"}, 1)
    assert (ended.progress.done, ended.progress.total, ended.progress.unit) == (1, 1, "echoes")
    assert "hello from the body" in jobs.log_of(job.job_id).read_text()


def test_a_body_stands_back_for_the_service(jobs: Jobs) -> None:
    found = jobs.wait(jobs.submit("niceness", params={}).job_id, 30).result
    assert found["own"] == os.nice(0) + 10
    assert found["session"] in {10, None}


def test_the_parts_of_a_kind_hand_on_their_results(jobs: Jobs) -> None:
    job = jobs.wait(jobs.submit("three-parts", params={"a": 1}).job_id, 30)
    assert job.result == {"output": {"a": 1, "prepared": "prepared"}, "finished": True}


def test_only_the_log_stays_in_the_folder_of_an_ended_job(jobs: Jobs) -> None:
    job = jobs.submit("three-parts", params={})
    jobs.wait(job.job_id, 30)
    folder = jobs.log_of(job.job_id).parent
    wait_until(lambda: [path.name for path in folder.iterdir()] == ["log.txt"], seconds=20)


def test_an_error_of_the_domain_becomes_the_error_of_the_job(jobs: Jobs) -> None:
    job = jobs.wait(jobs.submit("refuse").job_id, 30)
    assert job.state == "failed"
    assert job.error is not None
    assert (job.error.code, job.error.kind) == ("no-images", "InvalidInputError")
    assert job.error.context == {"pointer": "/file", "name": "a.zip"}


@pytest.mark.parametrize("kind", ["stumble", "missing-body"])
def test_an_unexpected_error_says_nothing_of_the_inside_but_the_log_does(jobs: Jobs, kind: str) -> None:
    job = jobs.wait(jobs.submit(kind).job_id, 30)
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.code == "internal-error"
    assert "/secret" not in job.error.detail
    assert "Traceback" in jobs.log_of(job.job_id).read_text()


def test_a_failure_after_the_body_is_cleaned_up(jobs: Jobs, tmp_path: Path) -> None:
    job = jobs.submit("bad-finish", params={"cleaned": str(tmp_path / "cleaned")})
    ended = jobs.wait(job.job_id, 30)
    assert ended.error is not None
    assert ended.error.code == "name-taken"
    assert (tmp_path / "cleaned").exists()


def test_a_body_that_crashes_is_tried_again(jobs: Jobs, tmp_path: Path) -> None:
    job = jobs.submit("crash", params={"trace": str(tmp_path / "trace"), "times": 2})
    ended = jobs.wait(job.job_id, 40)
    assert (ended.state, ended.result, ended.crashes) == ("succeeded", {"attempt": 3}, 2)


def test_a_body_that_crashes_three_times_fails_the_job(jobs: Jobs, tmp_path: Path) -> None:
    job = jobs.submit("crash", params={"trace": str(tmp_path / "trace"), "times": 99})
    ended = jobs.wait(job.job_id, 40)
    assert ended.state == "failed"
    assert ended.error is not None
    assert ended.error.code == "worker-crashed"
    assert "signal 11" in ended.error.detail
    assert (tmp_path / "trace").read_text() == "xxx"


def test_a_lost_zygote_costs_its_jobs_a_try_and_is_replaced(jobs: Jobs, tmp_path: Path) -> None:
    params = {"trace": str(tmp_path / "t"), "n": 40, "seconds": 0.02}
    job = jobs.submit("steps", params=params)
    wait_until((tmp_path / "t").exists, seconds=30)
    zygote = jobs._launcher._zygote
    assert zygote is not None
    zygote._process.kill()
    ended = jobs.wait(job.job_id, 60)
    assert (ended.state, ended.result, ended.crashes) == ("succeeded", {"steps": 40}, 1)
    assert jobs.healthy


def test_a_cancelled_body_stops_at_its_next_progress(jobs: Jobs, tmp_path: Path) -> None:
    job = jobs.submit("steps", params={"trace": str(tmp_path / "t"), "n": 1000, "seconds": 0.02})
    wait_until((tmp_path / "t").exists, seconds=30)
    assert jobs.cancel(job.job_id).cancel_requested
    ended = jobs.wait(job.job_id, 30)
    assert (ended.state, ended.error) == ("cancelled", None)


def test_a_body_that_ignores_term_is_killed_with_its_whole_tree(jobs: Jobs, tmp_path: Path) -> None:
    job = jobs.submit("stubborn", params={"pids": str(tmp_path / "pids")})
    wait_until(lambda: (tmp_path / "pids").exists() and (tmp_path / "pids").read_text(), seconds=30)
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert all(is_alive(pid) for pid in pids)
    began = time.monotonic()
    jobs.cancel(job.job_id)
    assert jobs.wait(job.job_id, 30).state == "cancelled"
    assert time.monotonic() - began < 10
    assert not any(is_alive(pid) for pid in pids)


def test_what_a_body_leaves_running_is_ended_with_it(jobs: Jobs, tmp_path: Path) -> None:
    job = jobs.submit("leave-orphans", params={"pids": str(tmp_path / "pids")})
    assert jobs.wait(job.job_id, 30).state == "succeeded"
    assert not is_alive(int((tmp_path / "pids").read_text()))


def test_a_queued_job_is_cancelled_at_once(jobs: Jobs, tmp_path: Path) -> None:
    blockers = [jobs.submit("read", params={"until": str(tmp_path / "go")}) for _ in range(2)]
    waiting = jobs.submit("read", params={"until": str(tmp_path / "go")})
    assert jobs.get(waiting.job_id).state == "queued"
    assert jobs.cancel(waiting.job_id).state == "cancelled"
    (tmp_path / "go").touch()
    assert [jobs.wait(b.job_id, 30).state for b in blockers] == ["succeeded", "succeeded"]


def test_a_cancel_cleans_up(jobs: Jobs, tmp_path: Path) -> None:
    params = {"until": str(tmp_path / "never"), "cleaned": str(tmp_path / "cleaned")}
    job = jobs.submit("hold-cleaning", params=params)
    wait_until(lambda: jobs.get(job.job_id).state == "running", seconds=20)
    jobs.cancel(job.job_id)
    assert jobs.wait(job.job_id, 30).state == "cancelled"
    assert (tmp_path / "cleaned").exists()


def test_a_cancel_after_the_work_is_complete_changes_nothing(jobs: Jobs, tmp_path: Path) -> None:
    job = jobs.submit("late", params={"started": str(tmp_path / "s"), "seconds": 0.2})
    wait_until((tmp_path / "s").exists, seconds=30)
    jobs.cancel(job.job_id)
    ended = jobs.wait(job.job_id, 30)
    assert (ended.state, ended.result) == ("succeeded", {"complete": True})
    assert jobs.cancel(job.job_id) == ended


def test_an_inline_body_supervises_and_can_be_cancelled(jobs: Jobs, tmp_path: Path) -> None:
    params = {"trace": str(tmp_path / "trace"), "until": str(tmp_path / "until")}
    job = jobs.submit("supervise", params=params)
    wait_until((tmp_path / "trace").exists, seconds=20)
    jobs.cancel(job.job_id)
    assert jobs.wait(job.job_id, 30).state == "cancelled"


def test_an_inline_body_is_called_again_by_the_next_service(tmp_path: Path) -> None:
    params = {"trace": str(tmp_path / "trace"), "until": str(tmp_path / "until")}
    with open_jobs(tmp_path) as jobs:
        job = jobs.submit("supervise", params=params)
        wait_until((tmp_path / "trace").exists, seconds=20)
    (tmp_path / "until").touch()
    with open_jobs(tmp_path) as jobs:
        ended = jobs.wait(job.job_id, 30)
    assert (ended.state, ended.result) == ("succeeded", {"attempt": 2})


def test_a_second_writing_job_is_refused_and_names_the_first(jobs: Jobs, tmp_path: Path) -> None:
    first = jobs.submit("hold", workspace_id="w1", params={"until": str(tmp_path / "go")})
    with pytest.raises(BusyError) as refused:
        jobs.submit("hold-other", workspace_id="w1", params={})
    assert refused.value.context["job_id"] == first.job_id
    assert refused.value.error_code == "workspace-busy"
    other = jobs.submit("hold", workspace_id="w2", params={"until": str(tmp_path / "go")})
    reader = jobs.submit("read", workspace_id="w1", params={"until": str(tmp_path / "go")})
    (tmp_path / "go").touch()
    for job in (first, other, reader):
        assert jobs.wait(job.job_id, 30).state == "succeeded"
    next_one = jobs.submit("hold-other", workspace_id="w1", params={"until": str(tmp_path / "go")})
    assert jobs.wait(next_one.job_id, 30).state == "succeeded"


def test_of_many_writing_jobs_submitted_together_one_is_taken(jobs: Jobs, tmp_path: Path) -> None:
    taken: list[str] = []
    refused: list[BusyError] = []

    def submit() -> None:
        try:
            taken.append(
                jobs.submit("hold", workspace_id="many", params={"until": str(tmp_path / "go")}).job_id
            )
        except BusyError as error:
            refused.append(error)

    threads = [threading.Thread(target=submit) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1
    assert {error.context["job_id"] for error in refused} == set(taken)
    jobs.cancel(taken[0])
    assert jobs.wait(taken[0], 30).state == "cancelled"


def test_edits_and_writing_jobs_exclude_each_other(jobs: Jobs, tmp_path: Path) -> None:
    job = jobs.submit("hold", workspace_id="edited", params={"until": str(tmp_path / "go")})
    with pytest.raises(BusyError) as refused, jobs.edit_guard("edited"):
        pass
    assert refused.value.context["job_id"] == job.job_id
    with jobs.edit_guard("another"):
        pass
    (tmp_path / "go").touch()
    jobs.wait(job.job_id, 30)
    with jobs.edit_guard("edited"):
        waiting = threading.Thread(
            target=jobs.submit,
            args=("hold",),
            kwargs={"workspace_id": "edited", "params": {"until": str(tmp_path / "go")}},
        )
        waiting.start()
        time.sleep(0.1)
        assert jobs.writer_of("edited") is None
    waiting.join()
    assert jobs.page(workspace_id="edited").total == 2


def test_no_more_jobs_of_a_kind_run_than_it_has_slots(jobs: Jobs, tmp_path: Path) -> None:
    submitted = [jobs.submit("read", params={"until": str(tmp_path / "go")}) for _ in range(5)]
    time.sleep(0.3)
    assert [jobs.get(job.job_id).state for job in submitted] == ["running"] * 2 + ["queued"] * 3
    (tmp_path / "go").touch()
    assert {jobs.wait(job.job_id, 30).state for job in submitted} == {"succeeded"}


def test_a_repeated_key_gets_the_same_job_and_another_request_is_refused(jobs: Jobs) -> None:
    key = request_key("k1", scope="POST /x", fingerprint="f1")
    first = jobs.submit("echo", params={"n": 1}, idempotency_key=key)
    again = jobs.submit("echo", params={"n": 1}, idempotency_key=key)
    assert first.job_id == again.job_id
    known = jobs.known(key)
    assert known is not None
    assert known.job_id == first.job_id
    with pytest.raises(ConflictError, match="another request"):
        jobs.submit("echo", idempotency_key=request_key("k1", scope="POST /x", fingerprint="f2"))
    elsewhere = jobs.submit("echo", idempotency_key=request_key("k1", scope="POST /y", fingerprint="f1"))
    assert elsewhere.job_id != first.job_id


def test_jobs_are_listed_newest_first_page_by_page(jobs: Jobs) -> None:
    made = [jobs.submit("echo", workspace_id=f"listed-{n % 2}").job_id for n in range(7)]
    for job_id in made:
        jobs.wait(job_id, 30)
    seen: list[str] = []
    cursor = None
    while True:
        page = jobs.page(workspace_id="listed-0", limit=3, cursor=cursor)
        assert page.total == 4
        seen += [job.job_id for job in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == made[::2][::-1]
    assert jobs.page(workspace_id="listed-1").total == 3
    assert jobs.page(workspace_id="listed-1", states=("failed",)).items == ()
    assert jobs.page(workspace_id="listed-1", kind="echo", states=("succeeded",)).total == 3
    assert jobs.page(workspace_id="listed-1", kind="hold").total == 0
    with pytest.raises(InvalidInputError):
        jobs.page(cursor="???")


def test_an_unknown_job_is_not_found(jobs: Jobs) -> None:
    with pytest.raises(NotFoundError):
        jobs.get("job-0000000000000000")
    with pytest.raises(NotFoundError):
        jobs.cancel("job-0000000000000000")


def test_jobs_of_a_kind_that_is_gone_fail_at_the_next_start(tmp_path: Path) -> None:
    with open_jobs(tmp_path) as jobs:
        job = jobs.submit("read", params={"until": str(tmp_path / "never")})
    with open_jobs(tmp_path, kinds=[kind for kind in KINDS if kind.name != "read"]) as jobs:
        ended = jobs.wait(job.job_id, 30)
    assert ended.state == "failed"
    assert ended.error is not None
    assert ended.error.code == "unknown-job-kind"
