"""Starts the services, waits until each answers, prints one line, and stops them all on ctrl-C."""

import secrets
import socket
import sys
import threading
import time
from collections.abc import Sequence
from http import HTTPStatus

import httpx
from honcho.manager import Manager

from studio.demo import make_demo
from studio.services import Service, services
from studio.settings import Settings


def main() -> int:
    """Run the studio until it is interrupted. Returns the exit status: 0 only when it was ready and asked to stop."""
    settings = Settings()  # pyright: ignore[reportCallIssue] the environment gives the values
    for folder in (settings.workspaces, settings.mlruns):
        folder.mkdir(parents=True, exist_ok=True)
    token, code = settings.token_or_made(), secrets.token_urlsafe(16)
    wanted = services(settings, token=token, login_code=code)
    for service in wanted:
        if _taken(service.port):
            _say(f"{service.name}: port {service.port} is in use; set {service.port_setting} to another one")
            return 1
    manager = Manager()
    for service in wanted:
        manager.add_process(service.name, service.command, env=dict(service.environment))
    watch = _Watch(manager, wanted, settings, token=token, code=code)
    threading.Thread(target=watch.run, daemon=True).start()
    manager.loop()
    interrupted = manager.returncode in {130, 143}
    return 0 if interrupted and watch.ready else 1


class _Watch:
    """Waits for the services beside the supervisor's loop."""

    def __init__(
        self, manager: Manager, wanted: Sequence[Service], settings: Settings, *, token: str, code: str
    ) -> None:
        self._manager, self._wanted, self._settings = manager, wanted, settings
        self._token, self._code = token, code
        self.ready = False

    def run(self) -> None:
        """Print the ready line once every service answers, or name the one that does not and stop."""
        deadline = time.monotonic() + self._settings.ready_seconds
        for service in self._wanted:
            if not _answers(service, deadline):
                _say(f"not ready: {service.name} did not answer on port {service.port}; its log is above")
                self._manager.terminate()
                return
        backend = f"http://127.0.0.1:{self._settings.backend_port}"
        if self._settings.demo:
            problem = make_demo(backend, token=self._token)
            if problem:
                _say(f"the sample pair could not be made: {problem}")
        self.ready = True
        _say(f"ready: http://127.0.0.1:{self._settings.ui_port}/#code={self._code}")


def _answers(service: Service, deadline: float) -> bool:
    url = f"http://127.0.0.1:{service.port}{service.health}"
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=5, trust_env=False).status_code == HTTPStatus.OK:
                return True
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    return False


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
