"""The file of a model, and how one is told."""

from __future__ import annotations

import os
from pathlib import Path

from sklearn_dgex.exceptions import ModelFileError
from sklearn_dgex.utils import container
from sklearn_dgex.utils.container import Container

__all__ = ["DAMAGE", "MODEL_FILE", "looks_like_a_model"]

# A description may also ask for more memory than there is.
DAMAGE = (*container.DAMAGE, MemoryError)
FORMAT_VERSION = 1
MODEL_FILE = Container(
    format="sklearn_dgex",
    version=FORMAT_VERSION,
    noun="model",
    wrote="sklearn_dgex.persistence.save or sklearn-dgex fit",
    error=ModelFileError,
)


def looks_like_a_model(path: str | os.PathLike) -> bool:
    """Whether a file begins as safetensors do, be it one of this package's models or not."""
    path = Path(path)
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(10)[8:] == b'{"'
