"""How loops are compiled, and how long the code is kept."""

from __future__ import annotations

import hashlib
from pathlib import Path

from numba import njit

# Sums may be reordered and divisions rounded as is fastest; NaN and infinity keep their meaning.
OPTIONS = {
    "fastmath": {"nsz", "arcp", "contract", "afn", "reassoc"},
    "nogil": True,
    "error_model": "numpy",
}
compiled = njit(**OPTIONS)  # called: each is compiled better than all in one
inlined = njit(**OPTIONS, forceinline=True)  # vectors are slow to hand from call to call
IN_ORDER = OPTIONS | {"fastmath": OPTIONS["fastmath"] - {"reassoc", "contract"}}
inlined_in_order = njit(**IN_ORDER, forceinline=True)  # where `rounded_difference` has a meaning


def compiled_entry(function):
    """Compile what Python calls, once a machine: the code is kept beside this file, or at home."""
    try:
        return njit(**OPTIONS, cache=True)(function)
    except RuntimeError:  # no folder to keep it in may be written
        return njit(**OPTIONS)(function)


def sources_digest(*folders: Path) -> int:
    """Digest the source files of this folder and of those given."""
    every = (Path(__file__).parent, *folders)
    sources = [path for folder in every for path in sorted(folder.glob("*.py"))]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).digest()
    return int.from_bytes(digest[:7])
