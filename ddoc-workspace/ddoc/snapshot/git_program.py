"""The git program, run so that nothing acts but what we ask for: no hooks, no settings of user or system."""

import os
import subprocess
from pathlib import Path

from ddoc.errors import UnavailableError

Done = subprocess.CompletedProcess[str]


def require(root: Path, *arguments: str) -> str:
    """Run git in `root` in the safe way and return what it printed. Raises UnavailableError if it fails."""
    done = run(root, *arguments)
    if done.returncode:
        raise UnavailableError("git failed", code="git-failed", reason=done.stderr.strip()[-300:])
    return done.stdout


def run(root: Path, *arguments: str, data: str = "") -> Done:
    """Run git in `root` with `data` on its standard input, and return how it ended."""
    settings = {
        "core.hooksPath": "/dev/null",
        "core.fsmonitor": "false",
        "core.fsync": "all",
        "safe.bareRepository": "explicit",
        "protocol.allow": "never",
        "gc.auto": "0",
    }
    options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    environment = kept | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
    return subprocess.run(
        ["git", *options, *arguments],
        cwd=root,
        env=environment,
        input=data,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        check=False,
    )
