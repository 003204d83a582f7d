"""Errors of files that are not trusted, each made one sentence about the file."""

from __future__ import annotations

import struct
from contextlib import contextmanager

MAY_RAISE = (  # what h5py, and reading what it found, raise at a damaged file
    OSError,
    ValueError,
    LookupError,
    TypeError,
    RuntimeError,
    AttributeError,
    ArithmeticError,
    MemoryError,
    SystemError,
    struct.error,
)


class DamagedError(Exception):
    """What a part of a file must be, and what it is; the caller adds the file and the part."""


def cut_off(size: int) -> DamagedError:
    """Error for what lies beyond the end of a file of ``size`` bytes."""
    return DamagedError(
        f"lie within the file. Got an end beyond its {size:,} bytes instead; it was cut off: make "
        "or download it again"
    )


@contextmanager
def named_errors(path, place: str):
    """Turn whatever goes wrong into one OSError that names the file and the place in it."""
    try:
        yield
    except DamagedError as error:
        raise OSError(f"{place} of {str(path)!r} must {error}.") from None
    except MAY_RAISE as error:
        reason = " ".join(str(error).split()).strip("'\"").rstrip(".")[:200]
        raise OSError(
            f"{place} of {str(path)!r} must be whole. Got an error instead "
            f"({reason or type(error).__name__}); the file is damaged or of another kind: make or "
            "download it again."
        ) from error
