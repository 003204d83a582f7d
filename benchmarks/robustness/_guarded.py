"""Load a file in a process of its own, with its time, its memory and its end watched."""

from __future__ import annotations

import faulthandler
import os
import resource
import select
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

OUTCOMES = ("read", "clear error", "unclear error", "crash", "hang", "too much memory")
SPARE = 64 << 20  # bytes that a load may take whatever the file's size
FACTOR = 4  # times the file's size that it may take besides
ADDRESS_SPACE = 8 << 30  # keeps the machine alive
CLEAR = (ValueError, OSError)


@dataclass(frozen=True)
class Outcome:
    kind: str  # one of OUTCOMES
    detail: str
    growth: int  # bytes
    seconds: float


def load_guarded(
    load: Callable[[Path], object], path: Path, *, seconds: float, first: Path | None = None
) -> Outcome:
    """Call ``load(path)`` in a fork of this process, which has all modules loaded already.

    A fork does not count the pages of libraries as its own until it touches them. So that these are
    not taken for the load's, ``first``, a sound file, is loaded before the memory is watched.
    """
    receiver, sender = os.pipe()
    start = time.perf_counter()
    child = os.fork()
    if not child:
        os.close(receiver)
        _run(load, path, first, sender)
    os.close(sender)
    is_over, told = _read_all(receiver, start + seconds)
    taken = time.perf_counter() - start
    if not is_over:
        os.kill(child, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    before, _, told = told.partition("\n")
    growth = max(0, usage.ru_maxrss * 1024 - int(before))
    if not is_over:
        return Outcome("hang", f"more than {seconds} s", growth, taken)
    if growth > SPARE + FACTOR * path.stat().st_size:
        return Outcome("too much memory", f"{growth >> 20} MB; {told}", growth, taken)
    if os.WIFSIGNALED(status):
        return Outcome("crash", f"signal {os.WTERMSIG(status)}", growth, taken)
    kind, _, detail = told.partition("\n")
    return Outcome(kind or "crash", detail, growth, taken)


def is_clear(error: BaseException, path: Path) -> bool:
    """Whether an error is one sentence about the file, of the kind that callers expect."""
    message = str(error)
    return isinstance(error, CLEAR) and path.name in message and "\n" not in message.strip()


def _run(load, path: Path, first: Path | None, sender: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.disable()
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    if first is not None:
        load(first)
    os.write(sender, f"{_resident()}\n".encode())
    try:
        load(path)
        told = "read\n"
    except BaseException as error:
        kind = "clear error" if is_clear(error, path) else "unclear error"
        told = f"{kind}\n{type(error).__name__}: {error}"
    os.write(sender, told.encode("utf-8", "replace")[:4000])
    os._exit(0)


def _read_all(receiver: int, until: float) -> tuple[bool, str]:
    """Whether the child ended in time, and all that it said."""
    parts = []
    with os.fdopen(receiver, "rb", 0) as stream:
        while select.select([stream], [], [], max(0.0, until - time.perf_counter()))[0]:
            part = stream.read(4096)
            if not part:
                return True, b"".join(parts).decode("utf-8", "replace")
            parts.append(part)
    return False, b"".join(parts).decode("utf-8", "replace")


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()
