"""How much memory this process holds, and the most that it held since it was last asked to forget.

On Linux, where the system keeps that peak and forgets it on request; elsewhere, and where that is
forbidden, the peak is that of the whole process so far.
"""

from __future__ import annotations

import ctypes
import gc
import re
import resource
import sys
from pathlib import Path

PROCESS = Path("/proc/self")


def resident() -> int:
    """Bytes in memory now."""
    return _status("VmRSS") if (PROCESS / "status").exists() else peak()


def peak() -> int:
    """Most bytes in memory at once."""
    if (PROCESS / "status").exists():
        return _status("VmHWM")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def forget_peak() -> bool:
    """Start the peak anew from what is in use now; return whether the system did.

    What was freed but not handed back goes first: the next allocations would hide in it.
    """
    gc.collect()
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)
    try:
        (PROCESS / "clear_refs").write_text("5")
    except OSError:
        return False
    return True


def _status(name: str) -> int:
    return int(re.search(rf"{name}:\s+(\d+) kB", (PROCESS / "status").read_text())[1]) * 1024
