"""Whatever a trainer does, its run ends in the right state, in time, and leaves no process."""

import signal
import socket
import time
from pathlib import Path

import pytest

from ddoc.experiment.launcher import liveness, reap_lost, request_stop, shim_identity, start_shim
from ddoc.experiment.limits import Limits
from ddoc.experiment.records import judge
from ddoc.experiment.runner.folder import read_json
from ddoc.experiment.runner.isolation import landlock_version
from tests.unit.experiment.runs import alive, start_run, wait_for, wait_for_end

NOTE_PID = """
import os, sys, time, signal, subprocess
from pathlib import Path
def note(name="pids"):
    with open(os.environ["DDOC_OUTPUT_DIR"] + "/" + name, "a") as f:
        f.write(f"{os.getpid()}\\n")
note()
"""

CASES = {
    "returns": ("def train(d, o, **p): return {'metrics': {'a': 1}}", "succeeded", "exited"),
    "raises": ("def train(d, o): raise ValueError('no')", "failed", "exited"),
    "exits 3": ("def train(d, o): sys.exit(3)", "failed", "exited"),
    "leaves by os._exit(0)": ("def train(d, o): os._exit(0)", "failed", "no-result"),
    "kills itself": ("def train(d, o): os.kill(os.getpid(), signal.SIGKILL)", "failed", "exited"),
    "returns nonsense": ("def train(d, o): return 7", "failed", "exited"),
    "names a model outside": ("def train(d, o): return {'model_path': '/etc/passwd'}", "failed", "exited"),
    "writes a huge file": (
        "def train(d, o):\n  with open(o / 'big', 'wb') as f: f.truncate(50 << 30)",
        "failed",
        "exited",
    ),
    "takes all memory": (
        "def train(d, o):\n  hold = []\n  while True: hold.append(bytearray(64 << 20))",
        "failed",
        None,
    ),
    "never ends": ("def train(d, o):\n  while True: time.sleep(0.01)", "failed", "time-limit"),
    "ignores TERM": (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\ndef train(d, o):\n  while True: time.sleep(0.01)",
        "failed",
        "time-limit",
    ),
    "writes without end": ("def train(d, o):\n  while True: print('x' * 1000)", "failed", "time-limit"),
    "forks without end": ("def train(d, o):\n  while True: os.fork()", "failed", "process-limit"),
    "leaves a daemon": (
        """
def train(d, o):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.environ.clear(); os.chdir('/'); os.closerange(0, 100)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            (o / 'daemon').write_text(str(os.getpid()))
            time.sleep(600)
        os._exit(0)
    while not (o / 'daemon').exists(): time.sleep(0.01)
    return {}
""",
        "succeeded",
        "exited",
    ),
    "scrubs its environment": (
        "def train(d, o): os.execve(sys.executable, [sys.executable, '-c', 'import time; time.sleep(600)'], {})",
        "failed",
        "time-limit",
    ),
}
TIGHT = Limits(
    wall_seconds=2, grace_seconds=1, memory_bytes=1 << 30, processes=64, log_bytes=1 << 20, file_bytes=1 << 30
)


@pytest.mark.parametrize("case", CASES)
def test_a_bad_trainer_ends_in_the_right_state_and_leaves_no_process(tmp_path: Path, case: str) -> None:
    code, state, reason = CASES[case]
    began = time.monotonic()
    folder = start_run(tmp_path, NOTE_PID + code, limits=TIGHT)
    wait_for_end(folder)
    assert time.monotonic() - began < 15
    found, ended = judge(folder)
    assert found == state, folder.log.read_text()
    assert reason is None or ended["reason"] == reason
    assert ended["left"] == 0
    pids = [
        int(p) for f in folder.output.iterdir() if f.name in {"pids", "daemon"} for p in f.read_text().split()
    ]
    assert pids
    assert alive(pids) == []
    assert folder.log.stat().st_size < 2 << 20
    assert not (folder.output / "big").exists() or (folder.output / "big").stat().st_size == 0


def test_a_stopped_trainer_may_save_its_state(tmp_path: Path) -> None:
    code = """
import signal, sys, time
def train(d, o):
    def save(*_):
        (o / 'checkpoint').write_text('saved'); sys.exit(0)
    signal.signal(signal.SIGTERM, save)
    (o / 'ready').write_text('\\n')
    while True: time.sleep(0.01)
"""
    folder = start_run(tmp_path, code, limits=Limits(grace_seconds=10))
    wait_for(folder.output / "ready")
    request_stop(folder)
    request_stop(folder)
    wait_for_end(folder, seconds=5)
    assert judge(folder)[0] == "stopped"
    assert (folder.output / "checkpoint").read_text() == "saved"


def test_a_run_is_started_once_only(tmp_path: Path) -> None:
    folder = start_run(tmp_path, "def train(d, o): (o / 'n').open('a').write('x')\n", confined=False)
    start_shim(folder)
    wait_for_end(folder)
    start_shim(folder)
    assert (folder.output / "n").read_text() == "x"
    assert judge(folder)[0] == "failed"  # train returned None, which is no dict


def test_what_a_killed_shim_leaves_is_found_and_killed(tmp_path: Path) -> None:
    code = (
        NOTE_PID
        + """
def train(d, o):
    if os.fork() == 0:
        os.setsid(); os.environ.clear(); note_path = o / 'child'
        note_path.write_text(f'{os.getpid()}\\n')
    time.sleep(600)
"""
    )
    folder = start_run(tmp_path, code)
    pids = [int(wait_for(folder.output / "child")), int(wait_for(folder.output / "pids"))]
    time.sleep(1.2)  # one heartbeat has seen both
    shim = shim_identity(folder)
    assert shim is not None
    assert shim.signal(signal.SIGKILL)
    while liveness(folder) == "running":
        time.sleep(0.01)
    assert liveness(folder) == "lost"
    reap_lost(folder)
    assert alive(pids) == []
    assert judge(folder) == (
        "lost",
        {"reason": "lost", "code": None, "detail": "the run's supervisor was killed"},
    )


def test_the_end_of_an_overlong_log_is_kept(tmp_path: Path) -> None:
    code = "def train(d, o):\n  for i in range(40000): print('line', i)\n  raise RuntimeError('the reason')"
    folder = start_run(tmp_path, code, limits=Limits(log_bytes=10_000))
    wait_for_end(folder)
    text = folder.log.read_text()
    assert text.startswith("line 0\n")
    assert "RuntimeError: the reason" in text
    assert "bytes were dropped here" in text
    assert len(text) < 100_000


@pytest.mark.skipif(landlock_version() < 1, reason="this kernel has no Landlock")
@pytest.mark.parametrize(
    "act",
    [
        "open(SECRET).read()",
        "open(SECRET, 'a')",
        "os.listdir(os.path.dirname(SECRET))",
        "open(d / 'a.txt', 'a')",
    ],
)
def test_a_confined_trainer_touches_nothing_outside(tmp_path: Path, act: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hidden")
    code = f"import os\nSECRET = {str(secret)!r}\ndef train(d, o):\n  assert (d / 'a.txt').read_text() == 'data'\n  {act}"
    folder = start_run(tmp_path, code)
    wait_for_end(folder)
    assert "PermissionError" in folder.log.read_text()
    assert secret.read_text() == "hidden"
    in_force = read_json(folder.isolation)
    assert in_force is not None
    assert in_force["files"] is True


@pytest.mark.skipif(landlock_version() < 4, reason="this kernel's Landlock has no network rules")
def test_a_confined_trainer_connects_to_mlflow_only(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as allowed, socket.create_server(("127.0.0.1", 0)) as other:
        ports = allowed.getsockname()[1], other.getsockname()[1]
        code = f"""
import socket
def train(d, o):
    socket.create_connection(('127.0.0.1', {ports[0]})).close()
    try:
        socket.create_connection(('127.0.0.1', {ports[1]}))
    except PermissionError:
        return {{}}
    raise AssertionError('connected outside')
"""
        folder = start_run(tmp_path, code, tracking_uri=f"http://127.0.0.1:{ports[0]}")
        wait_for_end(folder)
    assert judge(folder)[0] == "succeeded", folder.log.read_text()


def test_a_trainer_sees_no_secret_of_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DDOC_TOKEN", "very-secret")
    folder = start_run(tmp_path, "import os\ndef train(d, o):\n  print(dict(os.environ))\n  return {}")
    wait_for_end(folder)
    assert "very-secret" not in folder.log.read_text()
    assert "DDOC_RUN_FOLDER" in folder.log.read_text()


def test_the_first_line_of_a_trainer_runs_soon(tmp_path: Path) -> None:
    began = time.time()
    folder = start_run(tmp_path, "import time\nprint(time.time())\ndef train(d, o): return {}")
    wait_for_end(folder)
    assert float(folder.log.read_text()) - began < 2
