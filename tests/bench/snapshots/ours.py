"""One operation of ours, timed inside; prints `{wall, cpu}` in seconds as JSON.

python ours.py ROOT init | save | save-without-sync | restore NAME
"""

import contextlib
import json
import resource
import sys
import time
from pathlib import Path

from ddoc.core.snapshot_service import SnapshotService
from ddoc.errors import ConflictError
from ddoc.snapshot import create, store, workers
from ddoc.snapshot.repository import make_repository


def main() -> None:
    root, action, *names = Path(sys.argv[1]), *sys.argv[2:]
    if action == "init":
        (root / ".ddoc").mkdir()
        make_repository(root)
    if action == "save-without-sync":
        create.sync_file_system = lambda _: None
        store.flush_folders = lambda *_, **__: None
        workers.flushing = lambda _: contextlib.nullcontext()
    snapshots = SnapshotService(root)
    # a running service has done this before
    snapshots.list_snapshots()
    start, cpu = time.perf_counter(), _cpu()
    if action.startswith("save"):
        try:
            snapshots.create_snapshot("Benchmark")
        except ConflictError as error:
            if error.error_code != "nothing-to-snapshot":
                raise
    elif action == "restore":
        snapshots.restore_snapshot(names[0], discard_changes=True)
    found = {"wall": time.perf_counter() - start, "cpu": _cpu() - cpu}
    print(json.dumps(found))


def _cpu() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


if __name__ == "__main__":
    main()
