"""Other programs of this machine: which are ours, and how they are ended."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

MARK = "SHANGLIU_RUN_DIR"  # in the environment of every process that a supervisor started


def marked(run_dir: Path) -> list[psutil.Process]:
    """What a supervisor of this directory started, and their children, however they were orphaned.

    Told by the environment that they were born with: a process number may be somebody else's by
    now, and a worker whose parent was killed has nothing else left that would name it.
    """
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK) == str(run_dir):
                found.append(process)
        except psutil.Error:
            continue
    return found


def end_marked(run_dir: Path, patience: float) -> None:
    """Ask them to end, and kill after `patience` seconds who did not."""
    processes = marked(run_dir)
    for process in processes:
        _send(process, signal.SIGTERM)
    _, stubborn = psutil.wait_procs(processes, timeout=patience)
    for process in stubborn:
        _send(process, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=5)


def end_group(pid: int) -> None:
    """Kill a process with all of its children; they may be gone already."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def is_running(pid: int, name: str) -> bool:
    """Whether a process of this name has the number; a stale file may give that of another."""
    try:
        process = psutil.Process(pid)
        return bool(process.name() == name and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


@contextmanager
def alone(file: Path, *, wait: bool) -> Iterator[bool]:
    """Hold a lock that ends with its holder, however that ends. Gives False if it is taken."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


def _send(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
