"""Long work: the only place of the service that knows processes.

How a service uses it::

    class SnapshotJobs:
        def __init__(self, jobs: Jobs, ...) -> None:
            self._jobs = jobs
            jobs.register(JobKind("snapshot", body="app.services.snapshot_bodies:create", writes=True, slots=2,
                                  prepare=self._prepare, finish=self._finish))

        def create(self, workspace_id: str, message: str, *, key: str | None) -> Job:
            return self._jobs.submit("snapshot", workspace_id=workspace_id, params={"message": message},
                                     idempotency_key=key)

The body is a module-level function, run in a child process that can be killed at any moment::

    def create(ctx: JobContext, given: Params) -> dict[str, Any]:      # given = what prepare returned, or params
        snapshot = SnapshotService(Path(given["root"])).create_snapshot(..., progress=ctx.progress)
        return {"snapshot_id": snapshot.snapshot_id}                   # JSON; files go to ctx.folder

Kinds are registered before `Jobs.start` (the services are built first). All parts of a kind are idempotent: they
run again after a crash. A DdocError that a part raises becomes `job.error`; CancelledError makes the job cancelled.

A router takes `reply: JobReplyDep` and returns `reply(lambda key: service.create(..., key=key))`, which heeds
`Idempotency-Key` and `Prefer: wait=N`. Synchronous edits run inside `with jobs.edit_guard(workspace_id):`.
"""

from app.jobs.idempotency import request_key
from app.jobs.jobs import Jobs
from app.jobs.kinds import JobContext, JobKind, JobSuspendedError, Params
from app.stores.job_records import Job, JobError, JobEvent, JobPage, JobProgress, JobState

__all__ = [
    "Job",
    "JobContext",
    "JobError",
    "JobEvent",
    "JobKind",
    "JobPage",
    "JobProgress",
    "JobState",
    "JobSuspendedError",
    "Jobs",
    "Params",
    "request_key",
]
