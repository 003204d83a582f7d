"""Files that are downloaded once, checked by sha256, and kept."""

from __future__ import annotations

import hashlib
import os
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from sklearn.datasets import get_data_home

MIRROR_VARIABLE = "SKLEARN_DGEX_DATA"


@dataclass(frozen=True)
class RemoteFile:
    """A file by name and content; ``url`` says where it can be had."""

    filename: str
    sha256: str
    url: str | None = None


def fetch_file(
    file: RemoteFile, *, data_home: str | os.PathLike | None = None, download_if_missing=True
) -> Path:
    """Path of a checked copy of ``file``: from the mirror, from ``data_home``, or downloaded.

    The mirror is the folder named by the environment variable SKLEARN_DGEX_DATA.
    """
    found = find_in_mirror(file)
    if found is not None:
        return found
    folder = Path(data_home or Path(get_data_home()) / "sklearn_dgex")
    path = folder / file.filename
    if path.is_file() and sha256_of(path) == file.sha256:
        return path
    if not download_if_missing:
        raise OSError(
            f"{file.filename} must lie in {folder} with the sha256 {file.sha256}, since "
            "download_if_missing=False. Pass download_if_missing=True to download it."
        )
    folder.mkdir(parents=True, exist_ok=True)
    _download(file, path)
    return path


def find_in_mirror(file: RemoteFile) -> Path | None:
    """Path of ``file`` in the mirror or below it, None if it is not there unchanged."""
    mirror = os.environ.get(MIRROR_VARIABLE)
    if not mirror:
        return None
    candidates = sorted(Path(mirror).rglob(file.filename))
    return next((path for path in candidates if sha256_of(path) == file.sha256), None)


def sha256_of(path: Path) -> str:
    """Hexadecimal sha256 of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _download(file: RemoteFile, path: Path) -> None:
    # Under another name until checked, so that an interrupted download is never taken for the file
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with urllib.request.urlopen(file.url, timeout=60) as source, partial.open("wb") as target:
            while chunk := source.read(2**20):
                target.write(chunk)
        digest = sha256_of(partial)
        if digest != file.sha256:
            raise OSError(
                f"{file.url} must have the sha256 {file.sha256}. Got {digest} instead: the "
                "file changed or arrived damaged; try again, or place a good copy at "
                f"{path}."
            )
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
