"""What holds a trainer: prctl, resource limits and Landlock, by plain system calls (Linux).

Constants are those of the kernel's headers `linux/prctl.h` and `linux/landlock.h`. Landlock's rights grow with its
version ("ABI"): 1 file system, 2 refer, 3 truncate, 4 TCP bind and connect, 5 device ioctl, 6 signals and abstract
sockets. We use what the kernel has and report it.
"""

import ctypes
import os
import resource
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_CHILD_SUBREAPER = 36

_SYS_CREATE_RULESET, _SYS_ADD_RULE, _SYS_RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_RULE_PATH, _RULE_PORT = 1, 2

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_ALL_V1 = (1 << 13) - 1
_REFER, _TRUNCATE, _IOCTL_DEVICE = 1 << 13, 1 << 14, 1 << 15
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_BIND_TCP, _CONNECT_TCP = 1, 2
_SCOPE_ABSTRACT_SOCKET, _SCOPE_SIGNAL = 1, 2


@dataclass(frozen=True, slots=True)
class Confinement:
    """What a trainer may touch: folders and files to read, folders and files to write, TCP ports to connect to."""

    read: tuple[str, ...]
    write: tuple[str, ...]
    ports: tuple[int, ...]


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    if _libc().prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), f"prctl {option}")


def become_subreaper() -> None:
    """Make orphans below this process its children, however they detach, so that none escapes the tree."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def forbid_new_privileges() -> None:
    """No set-uid program gives this process or its children more rights than it has."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def die_with_parent(number: int) -> None:
    """Have the kernel send this process a signal when its parent dies."""
    _prctl(_PR_SET_PDEATHSIG, number)


def set_limits(limits: Mapping[str, int]) -> dict[str, int]:
    """Set resource limits by name (`DATA`, `FSIZE`, `NOFILE`, `CORE`, `CPU`, `NPROC`), never above the hard limit.

    Returns what is in force.
    """
    in_force: dict[str, int] = {}
    for name, wanted in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(kind)
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (value, value))
        in_force[name] = value
    return in_force


def landlock_version() -> int:
    """Return the kernel's Landlock version, 0 where it has none or has it switched off."""
    version = _libc().syscall(_SYS_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG))
    return max(0, version)


def confine(confinement: Confinement) -> dict[str, Any]:
    """Confine this process and its children by Landlock for good. Needs `forbid_new_privileges` first.

    Returns what is in force: `{"landlock": version, "files": bool, "network": bool, "signals": bool}`; version 0
    and all false where the kernel has no Landlock. Paths that do not exist are left out.
    """
    version = landlock_version()
    if version == 0:
        return {"landlock": 0, "files": False, "network": False, "signals": False}
    rights = _file_rights(version)
    network = _BIND_TCP | _CONNECT_TCP if version >= 4 else 0
    scopes = _SCOPE_ABSTRACT_SOCKET | _SCOPE_SIGNAL if version >= 6 else 0
    ruleset = _create(rights, network, scopes, version)
    try:
        _allow_paths(ruleset, confinement.read, _READ & rights)
        _allow_paths(ruleset, confinement.write, rights)
        for port in confinement.ports if network else ():
            _add(ruleset, _RULE_PORT, struct.pack("=QQ", _CONNECT_TCP, port))
        _call(_SYS_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)
    return {"landlock": version, "files": True, "network": bool(network), "signals": bool(scopes)}


def _file_rights(version: int) -> int:
    rights = _ALL_V1
    for since, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEVICE)):
        rights |= right if version >= since else 0
    return rights


def _create(rights: int, network: int, scopes: int, version: int) -> int:
    # older kernels know a shorter struct and refuse a longer one only if the rest is not zero
    attribute = struct.pack("=QQQ", rights, network, scopes)[
        : 8 if version < 4 else 16 if version < 6 else 24
    ]
    buffer = ctypes.create_string_buffer(attribute, len(attribute))
    return _call(_SYS_CREATE_RULESET, buffer, ctypes.c_size_t(len(attribute)), ctypes.c_uint32(0))


def _allow_paths(ruleset: int, paths: Sequence[str], rights: int) -> None:
    for path in paths:
        if not Path(path).exists():
            continue
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            allowed = rights if Path(path).is_dir() else rights & _FILE_RIGHTS
            _add(ruleset, _RULE_PATH, struct.pack("=Qi", allowed, descriptor))
        finally:
            os.close(descriptor)


def _add(ruleset: int, kind: int, attribute: bytes) -> None:
    buffer = ctypes.create_string_buffer(attribute, len(attribute))
    _call(_SYS_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(kind), buffer, ctypes.c_uint32(0))


def _call(number: int, *arguments: Any) -> int:
    result = _libc().syscall(number, *arguments)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), f"landlock call {number}")
    return int(result)
