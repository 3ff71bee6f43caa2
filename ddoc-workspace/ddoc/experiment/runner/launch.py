"""Starts the trainer's process inside its limits."""

import json
import os
import signal
from collections.abc import Mapping
from typing import Any

from ddoc.experiment.runner import isolation
from ddoc.experiment.runner.folder import RunFolder, write_json
from ddoc.priority import stand_back

_LISTED_LIMITS = ("DATA", "FSIZE", "NOFILE", "CORE", "CPU", "NPROC")


def start_trainer(folder: RunFolder, spec: Mapping[str, Any], *, output: int) -> int:
    """Fork, confine and execute the trainer; its output goes to the descriptor `output`. Returns its pid.

    What is in force around it is written to `folder.isolation`. Raises OSError when something between fork and
    exec failed; nothing is left running then.
    """
    reader, writer = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        _become_trainer(folder, spec, output, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as messages:
        told = [json.loads(line) for line in messages]
    error = next((message["error"] for message in told if "error" in message), None)
    if error is not None:
        os.waitpid(pid, 0)
        raise OSError(error)
    write_json(folder.isolation, told[0])
    return pid


def _become_trainer(folder: RunFolder, spec: Mapping[str, Any], output: int, messages: int) -> None:
    try:
        os.setsid()
        isolation.die_with_parent(signal.SIGKILL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        stand_back(int(spec["nice"]))
        _stay_first_victim()
        os.chdir(folder.work)
        in_force = {"limits": _limits(spec["limits"]), "new_privileges": False} | _confine(spec)
        # told through a pipe, since a confined process cannot write to control/; exec closes it
        os.write(messages, json.dumps(in_force).encode() + b"\n")
        _redirect(output)
        command: list[str] = spec["command"]
        os.execve(command[0], command, spec["environment"])  # noqa: S606 - no shell is meant
    except BaseException as error:  # noqa: BLE001 - whatever it was, the shim must hear of it and this copy must end
        os.write(messages, json.dumps({"error": f"{type(error).__name__}: {error}"[:2000]}).encode() + b"\n")
        os._exit(127)


def _stay_first_victim() -> None:
    """Have the kernel end the trainer rather than the service when the machine runs out of memory."""
    with open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("500")


def _limits(limits: Mapping[str, Any]) -> dict[str, int]:
    wanted = {name: int(limits["rlimits"][name]) for name in _LISTED_LIMITS if name in limits["rlimits"]}
    return isolation.set_limits(wanted)


def _confine(spec: Mapping[str, Any]) -> dict[str, Any]:
    wanted: Mapping[str, Any] | None = spec["confinement"]
    if wanted is None:
        return {"landlock": 0, "files": False, "network": False, "signals": False}
    return isolation.confine(
        isolation.Confinement(tuple(wanted["read"]), tuple(wanted["write"]), tuple(wanted["ports"]))
    )


def _redirect(output: int) -> None:
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
