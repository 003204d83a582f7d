"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None

ASIDE = r"\.{name}\.[0-9a-f]{{8}}"  # temporary name of a file whose own name matches


@contextmanager
def write_aside(path, *, suffix: str = "") -> Iterator[Path]:
    """Yield the path of a temporary file that takes the place of ``path`` when the block ends.

    Parameters
    ----------
    path : str or path-like
        The file to be. One that is there already stays as it is until the new one is whole.
    suffix : str, default=""
        End of the temporary name, for writers that go by it.

    Yields
    ------
    Path
        A name in the same folder, of a file that does not exist yet.

    Raises
    ------
    OSError
        If the folder does not exist or may not be written to.

    See Also
    --------
    stream_aside : Yields the file opened, and guards it against other processes.

    Notes
    -----
    The new file is forced to disk before it is renamed, so that a machine that stops leaves the old
    file or the new one. If the block raises, the temporary file is removed. A link is followed: the
    file it points to is the one that is replaced. The mode of an old file is kept.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_dgex.utils.files import write_aside
    >>> folder = tempfile.TemporaryDirectory()
    >>> target = Path(folder.name) / "report.txt"
    >>> with write_aside(target) as aside:
    ...     _ = aside.write_text("whole")
    >>> target.read_text(), [path.name for path in target.parent.iterdir()]
    ('whole', ['report.txt'])
    >>> folder.cleanup()
    """
    target = check_target(path)
    aside = _aside(target, suffix)
    with _removed_on_error(aside):
        yield aside
        _put(aside, target)
    _to_disk(target.parent)


@contextmanager
def stream_aside(path) -> Iterator[BinaryIO]:
    """Yield an empty temporary file, open for writing, that takes the place of ``path`` at the end.

    As :func:`write_aside`, but other processes leave the file alone that call
    :func:`remove_leftovers`, until it has its name: it must be written through this stream, since
    the lock is that of the open file. The stream has no buffer: ``write`` may take a part only.

    Raises
    ------
    OSError
        If the folder does not exist or may not be written to.
    """
    target = check_target(path)
    aside = _aside(target)
    with _removed_on_error(aside), being_written(aside) as stream:
        yield stream
        if fcntl is None:  # Windows renames no open file
            stream.close()
        _put(aside, target)
    _to_disk(target.parent)


@contextmanager
def being_written(aside: Path) -> Iterator[BinaryIO]:
    """Create a temporary file and hold it locked, so that no other process takes it for a leftover.

    See :func:`remove_leftovers`. Where a file system knows no locks, there is none; on Windows an
    open file keeps its name anyway.
    """
    while True:
        # Without a buffer: none is left to be written, and to fail, as an error closes the file.
        with aside.open("xb", buffering=0) as stream:
            _lock(stream, wait=True)
            if aside.exists():  # else one that removes leftovers was quicker than the lock
                yield stream
                return


def remove_leftovers(folder: Path, name: str) -> None:
    """Remove temporary files of :func:`stream_aside` that no process is writing any more.

    Parameters
    ----------
    folder : Path
    name : str
        Regular expression of the names of the files to be.
    """
    pattern = re.compile(ASIDE.format(name=name))
    for path in folder.iterdir():
        if pattern.fullmatch(path.name):
            with suppress(OSError), path.open("rb+") as stream:  # NFS locks no file for reading
                if fcntl is None:
                    stream.close()
                if _lock(stream):
                    path.unlink()


def check_target(path) -> Path:
    """Return where a file would be written, after checking that it could be.

    Raises
    ------
    OSError
        If the path is a folder, lies in none, or may not be written.
    """
    target = Path(os.path.realpath(Path(path).expanduser()))
    if target.is_dir():
        raise IsADirectoryError(
            f"The path to write to must be a file. Got the folder {str(path)!r}; name a file in it."
        )
    if target.exists() and not target.is_file():  # a device or a pipe, which a file would replace
        raise OSError(
            f"The path to write to must be a usual file. Got {str(path)!r} instead, which is a "
            "device or pipe; name a file."
        )
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"The folder to write to must exist. Got {str(path)!r} instead; make the folder "
            f"{str(target.parent)!r} first."
        )
    if not os.access(target.parent, os.W_OK):
        raise PermissionError(
            f"The folder to write to must be writable. Got {str(path)!r}; choose another folder."
        )
    return target


def _aside(target: Path, suffix: str = "") -> Path:
    return target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}{suffix}")


@contextmanager
def _removed_on_error(aside: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(OSError):  # which would hide the error, or a Ctrl-C
            aside.unlink()
        raise


def _put(aside: Path, target: Path) -> None:
    """Give a file that is whole its name, once it is on the disk."""
    aside.chmod(_mode(target))
    _to_disk(aside)
    os.replace(aside, target)


def _mode(target: Path) -> int:
    """Mode of the old file, or of a new one: writers of their own may be stricter than the user."""
    with suppress(FileNotFoundError):
        return target.stat().st_mode
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _lock(stream: BinaryIO, *, wait: bool = False) -> bool:
    """Lock a file until it is closed; False says that another process has."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _to_disk(path: Path) -> None:
    """Force a file or folder to disk; systems that cannot open a folder need it not."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except (PermissionError, IsADirectoryError):
        return
    try:
        with suppress(OSError):  # a file system may not know how
            os.fsync(handle)
    finally:
        os.close(handle)
