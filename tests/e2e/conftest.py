"""The whole studio, started as a user starts it, on ports and folders of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
TOKEN = "a-token-for-the-tests"
PORTS = ("FRONTEND_PORT", "BACKEND_PORT", "DDOC_PORT", "MLFLOW_PORT")


@dataclass
class Studio:
    """A running studio."""

    environment: dict[str, str]
    process: subprocess.Popen[str] | None = None
    address: str = ""
    lines: list[str] = field(default_factory=list)
    reader: threading.Thread | None = None

    @property
    def ui(self) -> str:
        return f"http://127.0.0.1:{self.environment['FRONTEND_PORT']}"

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.environment['BACKEND_PORT']}/api"

    @property
    def service(self) -> str:
        return f"http://127.0.0.1:{self.environment['DDOC_PORT']}"

    @property
    def workspaces(self) -> Path:
        return Path(self.environment["WORKSPACES_ROOT"])

    def start(self) -> str:
        """Start and return the address that the ready line prints."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "studio"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self.reader.start()
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            for line in self.lines:
                if found := re.search(r"^ready: (\S+)", line):
                    self.address = found[1]
                    return found[1]
            if self.process.poll() is not None:
                break
            time.sleep(0.2)
        raise AssertionError("the studio did not become ready:\n" + "".join(self.lines[-80:]))

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            self.lines.extend(lines)

    def stop(self) -> int:
        """Interrupt it as ctrl-C does and return its exit status."""
        assert self.process is not None
        assert self.reader is not None
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(40)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
            self.reader.join(10)

    def client(self) -> httpx.Client:
        """Return a client of the API for scripts."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return httpx.Client(base_url=self.api, headers=headers, timeout=300, trust_env=False)


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def make_studio(folder: Path, **settings: str) -> Studio:
    """Return a studio, not started, with everything below `folder`."""
    environment = {
        **os.environ,
        **{name: str(port) for name, port in zip(PORTS, free_ports(4), strict=True)},
        "WORKSPACES_ROOT": str(folder / "workspaces"),
        "MLRUNS_ROOT": str(folder / "mlruns"),
        "DDOC_TOKEN": TOKEN,
        "DDOC_IMPORT_ROOTS": str(DATA),
        "DDOC_DEMO": "0",
        **settings,
    }
    return Studio(environment)


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """One studio for the tests of this folder that do not break it."""
    running = make_studio(tmp_path_factory.mktemp("studio"))
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def api(studio: Studio) -> Iterator[httpx.Client]:
    with studio.client() as client:
        yield client
