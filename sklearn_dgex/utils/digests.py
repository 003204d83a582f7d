"""Digests of data: the same for the same rows, in however many pieces they come."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import numpy as np

from sklearn_dgex.utils.rows import Rows

BLOCK_BYTES = 16 << 20


def digest_rows(blocks: Iterable[np.ndarray]) -> str:
    """Digest a matrix that comes in blocks of its rows; where they are cut does not matter.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (n_rows, n_columns)
        One after the other. They must be of one dtype and width; an array of shape (n_rows,) counts
        as one column.

    Returns
    -------
    str
        "sha256:" and the digest of shape, dtype and values, row by row. An order in memory or of
        bytes makes no difference; another precision does.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_dgex.utils.digests import digest_rows
    >>> X = np.arange(12.0).reshape(4, 3)
    >>> digest_rows([X]) == digest_rows([X[:1], X[1:]])
    True
    """
    digest, n_rows, kind = hashlib.sha256(), 0, None
    for block in blocks:
        dtype = block.dtype.newbyteorder("<")
        this = (block.shape[1:] or (1,), dtype.str)
        if kind not in (None, this):
            raise ValueError(f"Blocks must be of one width and dtype. Got {this} after {kind}.")
        kind, n_rows = this, n_rows + len(block)
        # hashlib lets other threads work meanwhile, and copies nothing that lies in a row.
        digest.update(np.ascontiguousarray(block, dtype).reshape(-1).view(np.uint8))
    digest.update(f"{n_rows} {kind}".encode())
    return f"sha256:{digest.hexdigest()}"


def row_blocks(values) -> Iterator[np.ndarray]:
    """Cut an array into blocks of rows of some megabytes, so that none is copied as a whole.

    Rows of a file come in blocks of what it stores together.
    """
    if isinstance(values, Rows):
        yield from (block for _, block in values.blocks())
        return
    n_rows = max(1, BLOCK_BYTES // max(1, values[:1].nbytes))
    for start in range(0, len(values), n_rows):
        yield values[start : start + n_rows]
