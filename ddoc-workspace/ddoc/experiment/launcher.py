"""The service's side of the shim: write its orders, start it, find it again, stop it, clear up after it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import ddoc
from ddoc.errors import UnavailableError
from ddoc.experiment.limits import Limits
from ddoc.experiment.reporting import METRICS_FILE
from ddoc.experiment.runner.folder import RunFolder, read_json, write_json
from ddoc.experiment.runner.processes import ProcessIdentity, kill_listed, marked, start_time

Liveness = Literal["absent", "running", "ended", "lost"]

_KEPT_VARIABLES = (
    *("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH"),
    *("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "CUDA_HOME", "OMP_NUM_THREADS", "MKL_NUM_THREADS"),
)
_SYSTEM_READ = (
    *("/usr", "/lib", "/lib64", "/bin", "/sbin", "/opt", "/proc", "/sys", "/dev/urandom", "/dev/random"),
    *(
        "/etc/ld.so.cache",
        "/etc/ssl",
        "/etc/ca-certificates",
        "/etc/localtime",
        "/etc/timezone",
        "/etc/mime.types",
    ),
    *("/etc/hosts", "/etc/host.conf", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/passwd", "/etc/group"),
    *("/etc/fonts", "/etc/OpenCL", "/etc/nvidia", "/etc/alternatives"),
)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/shm", "/dev/dri")  # noqa: S108 - shared memory of data loaders
_START_PATIENCE = 10.0
_NICE = 5


@dataclass(frozen=True, slots=True)
class Orders:
    """What a run is given: data, params, limits, where to log, and whether Landlock is wanted."""

    dataset: Path
    params: Mapping[str, Any]
    limits: Limits
    environment: Mapping[str, str]
    read: tuple[Path, ...] = ()
    tracking_uri: str | None = None
    confined: bool = True


def write_orders(folder: RunFolder, orders: Orders) -> None:
    """Make the folders of a run and write the shim's spec. `folder.code` must hold the trainer already."""
    for place in (folder.work, folder.work / "tmp", folder.output, folder.report, folder.control):
        place.mkdir(parents=True, exist_ok=True)
    write_json(
        folder.spec,
        {
            "command": [sys.executable, "-u", "-m", "ddoc.experiment.runner.harness"],
            "environment": _environment(folder, orders),
            "limits": orders.limits.to_spec(),
            "nice": _NICE,
            "confinement": _confinement(folder, orders) if orders.confined else None,
        },
        durable=True,
    )


def _environment(folder: RunFolder, orders: Orders) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(_library()),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(folder.work),
        "TMPDIR": str(folder.work / "tmp"),
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(folder.work / "tmp"),
        "YOLO_CONFIG_DIR": str(folder.work / "tmp"),
        "DDOC_RUN_FOLDER": str(folder.root),
        "DDOC_CODE_PATH": str(folder.code),
        "DDOC_DATASET_PATH": str(orders.dataset),
        "DDOC_OUTPUT_DIR": str(folder.output),
        "DDOC_PARAMS": json.dumps(dict(orders.params)),
        "DDOC_RESULT_FILE": str(folder.result),
        METRICS_FILE: str(folder.metrics),
        **orders.environment,
    }


def _library() -> Path:
    """Return the folder that holds the package `ddoc`."""
    return Path(ddoc.__file__).resolve().parent.parent


def _confinement(folder: RunFolder, orders: Orders) -> dict[str, Any]:
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, str(Path(sys.executable).resolve().parent)}
    read = [*_SYSTEM_READ, *sorted(prefixes), str(_library()), str(folder.code), str(orders.dataset)]
    read += [str(path) for path in orders.read]
    graphics = [str(p) for p in Path("/dev").glob("nvidia*")]
    write = [*_DEVICES, *graphics, str(folder.work), str(folder.output), str(folder.report)]
    port = None if orders.tracking_uri is None else urlsplit(orders.tracking_uri).port
    return {"read": read, "write": write, "ports": [] if port is None else [port]}


def start_shim(folder: RunFolder) -> None:
    """Start the run's shim, detached, and wait until it has said who it is. Repeating it starts no second one.

    Raises UnavailableError when it does not come up; what it said is in `control/shim.log`.
    """
    command = [sys.executable, "-m", "ddoc.experiment.runner.shim", str(folder.root)]
    environment = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(_library())}
    with (folder.control / "shim.log").open("ab") as log:
        subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            check=True,
            timeout=_START_PATIENCE,
        )
    deadline = time.monotonic() + _START_PATIENCE
    while not folder.shim.exists():
        if time.monotonic() > deadline:
            raise UnavailableError("the run's supervisor did not start", code="shim-not-started")
        time.sleep(0.005)


def liveness(folder: RunFolder) -> Liveness:
    """Tell whether the run was started, runs, ended by itself, or was lost (its shim died with no exit file)."""
    if folder.exit.exists():
        return "ended"
    identity = shim_identity(folder)
    if identity is None:
        return "absent"
    if identity.is_alive():
        return "running"
    # it may have written its last file between the two looks
    return "ended" if folder.exit.exists() else "lost"


def shim_identity(folder: RunFolder) -> ProcessIdentity | None:
    """Return who the run's shim is, None when it was never started."""
    known = read_json(folder.shim)
    return None if known is None else ProcessIdentity(known["pid"], known["start_time"], known["boot_id"])


def request_stop(folder: RunFolder) -> None:
    """Ask the shim to stop the run. Repeating it changes nothing."""
    folder.stop.touch()
    identity = shim_identity(folder)
    if identity is not None:
        identity.signal(signal.SIGTERM)


def reap_lost(folder: RunFolder) -> int:
    """Kill what a dead shim left: what it saw in its last heartbeat and what carries the run's marker.

    Returns the number of processes that were killed.
    """
    killed: set[int] = set()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        left = {*_last_seen(folder), *marked(str(folder.root))}
        living = {pid for pid in left if start_time(pid) is not None}
        if not living:
            break
        kill_listed(living)
        killed |= living
        time.sleep(0.02)
    return len(killed)


def _last_seen(folder: RunFolder) -> Sequence[int]:
    beat = read_json(folder.heartbeat)
    identity = shim_identity(folder)
    if beat is None or identity is None:
        return []
    return [
        pid
        for pid, started in beat["processes"]
        if ProcessIdentity(pid, started, identity.boot_id).is_alive()
    ]
