"""Errors of files that are not trusted, each made one sentence about the file."""

from __future__ import annotations

import struct
from contextlib import contextmanager

from sklearn_dgex.datasets._formats.precision import PrecisionError

OF_DATA = (OSError, ValueError, LookupError, ArithmeticError, struct.error)
OF_LIBRARY = (*OF_DATA, TypeError, AttributeError, RuntimeError, SystemError)


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
    """Turn what goes wrong with data into one OSError that names the file and the place in it.

    A mistake of this package's own, and a lack of memory, are not the file's, and pass.
    """
    try:
        yield
    except DamagedError as error:
        raise OSError(f"{place} of {str(path)!r} must {error}.") from error.__cause__
    except PrecisionError:
        raise
    except OF_DATA as error:
        raise OSError(f"{place} of {str(path)!r} must {_broken(error)}.") from error


@contextmanager
def library_errors():
    """Turn whatever a library raises at what it finds in a file into a DamagedError.

    For calls of the library alone: at a damaged file h5py may raise what elsewhere is a mistake in
    the program, such as a TypeError.
    """
    try:
        yield
    except OF_LIBRARY as error:
        raise DamagedError(_broken(error)) from error


def _broken(error: Exception) -> str:
    reason = " ".join(str(error).split()).strip("'\"").rstrip(".")[:200]
    return (
        f"be whole. Got an error instead ({reason or type(error).__name__}); the file is damaged "
        "or of another kind: make or download it again"
    )
