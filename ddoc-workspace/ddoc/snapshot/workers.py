"""Runs `file_worker` over many files: in this process for few, in worker processes beside it for many."""

import contextlib
import itertools
import os
import queue
import subprocess
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ddoc.errors import UnavailableError
from ddoc.execution import cores
from ddoc.pipes import receive, send, start_script
from ddoc.progress import Progress
from ddoc.snapshot import file_worker
from ddoc.snapshot.disk import flushing
from ddoc.snapshot.file_worker import Outcome

Task = Literal["hash", "store", "fetch"]
PROCESSES_ABOVE: Final = 2_000
CHUNK: Final = 200
_MOST_WORKERS: Final = 8


@dataclass(frozen=True, slots=True)
class FileJob:
    """What to do with many files: the task, where objects are, where new files are staged."""

    task: Task
    cache: Path
    staging: Path | None = None
    reflink: bool = False


def run_files(
    job: FileJob, files: Iterable[tuple[str, bytes]], total: int, *, progress: Progress, message: str
) -> Iterator[tuple[int, list[Outcome]]]:
    """Yield (position of the first, outcomes) chunk by chunk, as they come.

    `files` are (absolute path, what is known of the object): what "hash" and "store" read, the second empty, or what
    "fetch" makes of which object (see `file_worker.fetch_object`).
    Worker processes are used above 2,000 files. Raises OSError for what the disk refuses.
    """
    chunks = _Chunks(files)
    run = _in_processes if total > PROCESSES_ABOVE and cores() > 1 else _here
    done = 0
    with contextlib.nullcontext() if job.staging is None else flushing(job.staging):
        for start, outcomes in run(job, chunks):
            done += len(outcomes)
            progress(done, total, unit="files", message=message)
            yield start, outcomes


Chunk = tuple[int, list[tuple[str, bytes]]]
Answers = queue.SimpleQueue["tuple[int, list[Outcome]] | Exception | None"]


class _Chunks:
    """Hands out the files in chunks, to any thread."""

    def __init__(self, files: Iterable[tuple[str, bytes]]) -> None:
        self._files = iter(files)
        self._next = 0
        self._lock = threading.Lock()

    def take(self) -> Chunk | None:
        """Return the next chunk with the position of its first file, or None at the end."""
        with self._lock:
            chunk = list(itertools.islice(self._files, CHUNK))
            start, self._next = self._next, self._next + len(chunk)
        return (start, chunk) if chunk else None

    def stop(self) -> None:
        """Hand out nothing more."""
        with self._lock:
            self._files = iter(())


def _here(job: FileJob, chunks: _Chunks) -> Iterator[tuple[int, list[Outcome]]]:
    stage = None
    while (taken := chunks.take()) is not None:
        if stage is None and job.staging is not None:
            stage = file_worker.Stage(str(job.staging), reflink=job.reflink)
        yield taken[0], file_worker.run_chunk(job.task, taken[1], str(job.cache), stage)


def _in_processes(job: FileJob, chunks: _Chunks) -> Iterator[tuple[int, list[Outcome]]]:
    answers: Answers = queue.SimpleQueue()
    # one core is this process's own, which saves the memory of a worker
    workers = [start_script(file_worker.__file__) for _ in range(min(cores(), _MOST_WORKERS) - 1)]
    threads = [threading.Thread(target=_feed, args=(w, job, chunks, answers), daemon=True) for w in workers]
    threads.append(threading.Thread(target=_work, args=(job, chunks, answers), daemon=True))
    try:
        for thread in threads:
            thread.start()
        running = len(threads)
        while running:
            answer = answers.get()
            if answer is None:
                running -= 1
            elif isinstance(answer, Exception):
                raise answer
            else:
                yield answer
    finally:
        chunks.stop()
        for worker in workers:
            worker.kill()
        for thread in threads:
            thread.join()
        for worker in workers:
            worker.communicate()


def _work(job: FileJob, chunks: _Chunks, answers: Answers) -> None:
    """Do chunk after chunk in a thread of this process; ends as `_feed` does."""
    try:
        for answer in _here(job, chunks):
            answers.put(answer)
    except Exception as error:  # noqa: BLE001 handed to the thread that waits for answers
        answers.put(error)
    else:
        answers.put(None)


def _feed(worker: "subprocess.Popen[bytes]", job: FileJob, chunks: _Chunks, answers: Answers) -> None:
    """Give one worker chunk after chunk; ends with None, or with what went wrong."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        send(worker.stdin, (job.task, str(job.cache), str(job.staging or ""), job.reflink))
        while (taken := chunks.take()) is not None:
            send(worker.stdin, taken[1])
            answer = receive(worker.stdout)
            if isinstance(answer, tuple):
                answers.put(OSError(*answer))
                return
            answers.put((taken[0], answer))
    except (OSError, EOFError):
        answers.put(UnavailableError("a worker process ended unexpectedly; try again", code="worker-died"))
    except Exception as error:  # noqa: BLE001 handed to the thread that waits for answers
        answers.put(error)
    else:
        answers.put(None)


def can_reflink(folder: Path) -> bool:
    """Return whether files in `folder` can share their blocks by FICLONE (btrfs, XFS with reflink)."""
    probe = folder / f"reflink-{os.getpid()}"
    stage = file_worker.Stage(str(folder), reflink=True)
    probe.write_bytes(b"probe")
    target = stage.next_name()
    try:
        with probe.open("rb") as source:
            return file_worker.try_clone(source.fileno(), target, 0o644)
    finally:
        probe.unlink(missing_ok=True)
        Path(target).unlink(missing_ok=True)
