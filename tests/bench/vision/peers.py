"""Throw-away environments for peers: made on demand, never part of the product's requirements."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PEERS = {
    "cleanvision": ["cleanvision"],
    # torch is pinned: the newest is a CUDA build of several GB
    "alibi-detect": ["torch==2.13.0", "alibi-detect"],
    "frouros": ["frouros"],
    "torchdrift": ["torch==2.13.0", "torchvision==0.28.0", "torchdrift", "tqdm"],
    "evidently": ["evidently", "pandas<3"],
}
_HERE = Path(__file__).parent
INSTALL_SECONDS = 1500


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer's Python, or why there is none."""

    name: str
    python: Path | None
    reason: str = ""

    def run(self, script: str, *arguments: str, seconds: int = 900) -> dict[str, Any]:
        """Run a script of this folder in the peer's environment. Returns the JSON of its last line, or `{error}`."""
        if self.python is None:
            return {"error": self.reason}
        command = [str(self.python), str(_HERE / script), *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            return {"error": f"no answer in {seconds} s"}
        lines = done.stdout.strip().splitlines()
        if done.returncode or not lines:
            return {"error": (done.stderr.strip().splitlines() or ["no output"])[-1][:200]}
        return json.loads(lines[-1])


def peer(name: str, folder: Path) -> Peer:
    """Return the peer `name`, installed under `folder` if it is not there yet."""
    home = folder / name
    python = home / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, capture_output=True)
    if not (home / "installed").exists():
        command = [str(python), "-m", "pip", "install", "-q", "--no-compile", *PEERS[name]]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return Peer(name, None, f"not installed within {INSTALL_SECONDS} s")
        if done.returncode:
            return Peer(name, None, "could not be installed: " + done.stderr.strip().splitlines()[-1][:200])
        (home / "installed").touch()
    return Peer(name, python)
