"""Starting a child process that has no more rights than it needs and cannot outlive the program that started it."""

import contextlib
import ctypes
import os
import pwd
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

LOOPBACK: Final = "127.0.0.1"
POLL_SECONDS: Final = 0.02
FIRST_PORT: Final = 12_000
PORTS: Final = 20_000

# Linux's own numbers: <linux/prctl.h> and <linux/capability.h>
PR_SET_PDEATHSIG: Final = 1
PR_GET_SECUREBITS: Final = 27
PR_SET_SECUREBITS: Final = 28
SECBIT_NO_SETUID_FIXUP: Final = 1 << 2
PR_CAP_AMBIENT: Final = 47
PR_CAP_AMBIENT_RAISE: Final = 2
CAP_DAC_OVERRIDE: Final = 1
CAPABILITY_VERSION_3: Final = 0x20080522

LINUX: Final = sys.platform == "linux"
_libc = ctypes.CDLL(None, use_errno=True)  # loaded here because a child between fork and exec must not load anything


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilityData(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


@dataclass(frozen=True)
class Account:
    """The operating system's user that a server runs as when we are root."""

    uid: int
    gid: int


def account_for_servers() -> Account | None:
    """`nobody` when we are root, because PostgreSQL refuses root; otherwise nothing: servers run as whoever we are."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def free_port() -> int:
    """A TCP port on loopback that nothing listens on at this moment.

    It lies below those that the system gives to outgoing connections, so that none of these takes it before it is used,
    or while the server that uses it is started again.
    """
    while True:
        port = FIRST_PORT + secrets.randbelow(PORTS)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe, contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port


def dies_with_its_parent(last_signal: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the child gets this signal when the thread that started it ends, however it ends.

    Linux only. Elsewhere a killed parent leaves its children, and the next start clears them up by process id.
    """
    parent = os.getpid()

    def prepare() -> None:
        if not LINUX:
            return
        _prctl(PR_SET_PDEATHSIG, last_signal)
        if os.getppid() != parent:  # it died between the fork and the line above
            os.kill(os.getpid(), signal.SIGKILL)

    return prepare


def stop_when_the_parent_ends() -> None:
    """For ourselves: get SIGTERM when the program that started us is killed. Linux only."""
    if LINUX:
        _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def runs_without_rights(*, uses: Sequence[Path], last_signal: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: give up root, keeping access to the paths that the child `uses`, and die with the parent."""
    account = account_for_servers()
    dies = dies_with_its_parent(last_signal)
    if account is None:
        return dies
    keep_access = not all(_is_open_to(account, path) for path in uses)

    def prepare() -> None:
        _become(account, keep_access=keep_access)
        dies()  # after the change of user, which would clear it

    return prepare


def family_of(pid: int) -> list[psutil.Process]:
    """The process and everything below it; empty when it is gone."""
    try:
        leader = psutil.Process(pid)
        return [leader, *leader.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def signal_all(processes: list[psutil.Process], number: signal.Signals) -> None:
    """Send a signal to each of these that is still there."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended meanwhile, which is as good
            process.send_signal(number)


def wait_for_the_end(processes: list[psutil.Process], *, seconds: float) -> list[psutil.Process]:
    """Wait until these have ended; return those that have not in that time.

    Most are not our own children, and in a container it can take a second until somebody collects them: a process that
    is only waiting to be collected has ended.
    """
    until = time.monotonic() + seconds
    while alive := [process for process in processes if _is_alive(process)]:
        if time.monotonic() > until:
            return alive
        time.sleep(POLL_SECONDS)
    return []


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _is_open_to(account: Account, path: Path) -> bool:
    """Whether the account can get to this path and read it with the permissions as they stand."""
    for place in (path, *path.parents):
        status = place.stat()
        needed = 0o5 if place == path else 0o1
        bits = status.st_mode >> 6 if status.st_uid == account.uid else status.st_mode
        if bits & needed != needed:
            return False
    return True


def _become(account: Account, *, keep_access: bool) -> None:
    """Stop being root for good.

    With `keep_access` one right is kept: to pass permission checks on files. A checkout in /root then stays closed to
    everybody else and the server still finds its programs and data there. The other ways are worse: opening /root to
    all users, or keeping the data somewhere that nobody would look.
    """
    if keep_access and LINUX:
        # Rights then survive the change of user, and access(2), which PostgreSQL asks about its programs, sees them.
        _prctl(PR_SET_SECUREBITS, _libc.prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) | SECBIT_NO_SETUID_FIXUP)
    os.setgroups([])
    os.setgid(account.gid)
    os.setuid(account.uid)
    if keep_access and LINUX:
        mask = 1 << CAP_DAC_OVERRIDE
        header = _CapabilityHeader(CAPABILITY_VERSION_3, 0)
        data = (_CapabilityData * 2)(_CapabilityData(mask, mask, mask), _CapabilityData(0, 0, 0))
        _must(_libc.capset(ctypes.byref(header), ctypes.byref(data)))
        _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE)


def _prctl(option: int, *values: int) -> None:
    padded = (*values, 0, 0, 0, 0)[:4]
    _must(_libc.prctl(option, *(ctypes.c_ulong(value) for value in padded)))


def _must(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), "the kernel refused to prepare a child process")
