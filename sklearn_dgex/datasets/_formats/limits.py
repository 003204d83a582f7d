"""What any file may take of memory, and how what is no file is refused."""

from __future__ import annotations

import os
import stat
from pathlib import Path

SPARE = 64 << 20  # bytes of memory that any file may take, be it small
MAX_EXPANSION = 100  # times a gzipped file's size; more is a decompression bomb
STRING_COST = 64  # bytes of a short str and the pointer to it


def check_file(path) -> Path:
    """Path of a regular file, or an error that says what is there instead."""
    path = Path(path).expanduser()
    what = repr(str(path))
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise FileNotFoundError(
            f"The file must exist and be reachable. Got {what} instead, where there is none; check "
            "the name and the folder."
        ) from error
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a device or pipe"
        raise OSError(f"The path must be that of a file. Got {what} instead, which is {kind}.")
    return path
