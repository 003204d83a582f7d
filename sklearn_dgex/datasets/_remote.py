"""Files that are downloaded once, checked by sha256, and kept."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
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
    folder = Path(data_home or Path(get_data_home()) / "sklearn_dgex").expanduser()
    path = folder / file.filename
    if path.is_file() and sha256_of(path) == file.sha256:
        return path
    if not download_if_missing:
        raise OSError(
            f"{file.filename} must lie in {folder} with the sha256 {file.sha256}, since "
            "download_if_missing=False. Pass download_if_missing=True to download it."
        )
    _download(file, folder)
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


def _download(file: RemoteFile, folder: Path) -> None:
    pooch = _import_pooch(file, folder)
    from requests import RequestException  # pooch downloads with it and lets its errors through

    by_hand = (
        f"place a copy with the sha256 {file.sha256} in {folder}, or in the folder that the "
        f"environment variable {MIRROR_VARIABLE} names"
    )
    try:
        with _quiet(pooch.get_logger()):
            # pooch writes under another name and renames what has the right sha256
            pooch.retrieve(
                file.url,
                known_hash=f"sha256:{file.sha256}",
                fname=file.filename,
                path=folder,
                downloader=pooch.HTTPDownloader(timeout=60),
            )
    except RequestException as error:
        raise OSError(
            f"{file.filename} must be had from {file.url}. Got {type(error).__name__} instead; "
            f"try again with a network, or {by_hand}."
        ) from error
    except ValueError as error:
        raise OSError(
            f"{file.url} must have the sha256 {file.sha256}. Got other content instead: the file "
            f"changed or arrived damaged; try again, or {by_hand}."
        ) from error


def _import_pooch(file: RemoteFile, folder: Path):
    try:
        import pooch
    except ImportError as error:
        raise ImportError(
            f"Downloading {file.filename} needs pooch, which is not installed. Install it with: "
            f"pip install 'sklearn_dgex[fetch]', or place {file.filename} in {folder}."
        ) from error
    return pooch


@contextmanager
def _quiet(logger):
    level = logger.level
    logger.setLevel("WARNING")
    try:
        yield
    finally:
        logger.setLevel(level)
