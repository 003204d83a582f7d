"""Expression values that do not fit into memory, written in blocks of samples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from sklearn_dgex.datasets._formats.blocks import BlockWriter
from sklearn_dgex.datasets._formats.delimited import DelimitedForm, check_orientation
from sklearn_dgex.datasets._formats.gct import GCTForm
from sklearn_dgex.datasets._formats.gctx_writing import gctx_writer
from sklearn_dgex.datasets._formats.metadata import index_of
from sklearn_dgex.datasets._formats.reading import format_to_write
from sklearn_dgex.datasets._formats.scratch import Scratch
from sklearn_dgex.datasets._formats.text.numbers import check_dtype
from sklearn_dgex.datasets._formats.text.writing import text_writer


@contextmanager
def expression_writer(
    path, *, samples, genes, dtype=np.float32, genes_in="rows", compression=None
) -> Iterator[BlockWriter]:
    """Write expression values in blocks of samples, whatever the size of the whole.

    Parameters
    ----------
    path : str or path-like
        Ends in .gctx, .gct, .csv, .tsv or .txt; text also in .gz after that.
    samples, genes : frame, or array-like of str
        Ids of all samples and genes to come; a frame brings its metadata, indexed by the ids.
    dtype : dtype, default=numpy.float32
        Type to write. float32 keeps 7 digits, which halves the file. float64 is for counts above
        16,777,216, which float32 would change: such are refused.
    genes_in : {"rows", "columns"}, default="rows"
        Where a CSV or TSV file is to have its genes.
    compression : int or None, default=None
        Level of gzip of a GCTX file's matrix; see :func:`write_gctx`.

    Yields
    ------
    writer
        ``writer.write(block)`` adds samples: an array or frame of shape (n, n_genes). The names of
        a frame count: its genes may be in any order, and its samples must be those that come next.

    Raises
    ------
    ValueError
        If the name ends otherwise, a block has other genes or samples, its values do not fit into
        ``dtype``, or the blocks do not add up to the samples. The path is then as it was before.
    OSError
        If the file cannot be written.

    Notes
    -----
    A GCTX file takes its blocks as they come. Text with genes in rows cannot: its values wait in a
    file beside it, which needs 4 bytes for each float32, and are turned over at the end.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from sklearn_dgex.datasets import expression_writer, read_expression
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = f"{folder.name}/inferred.gct"
    >>> with expression_writer(path, samples=["s1", "s2", "s3"], genes=["TP53", "MYC"]) as writer:
    ...     writer.write(np.array([[1.5, 2.0], [3.0, 4.0]]))
    ...     writer.write(np.array([[5.0, 6.0]]))
    >>> read_expression(path).expression
        TP53  MYC
    s1   1.5  2.0
    s2   3.0  4.0
    s3   5.0  6.0
    >>> folder.cleanup()
    """
    check_orientation(genes_in)
    format, dtype = format_to_write(path), check_dtype(dtype)
    if format == "h5ad":
        raise ValueError(
            f"A file written in blocks must be GCTX or text. Got {Path(path).name!r} instead; "
            "write GCTX, or the whole with write_h5ad."
        )
    about = _metadata(samples), _metadata(genes)
    if format == "gctx":
        with gctx_writer(path, *about, dtype, compression) as writer:
            yield writer
    elif format == "delimited" and genes_in == "columns":
        with _row_writer(path, *about, dtype) as writer:
            yield writer
    else:
        with _turned_writer(path, *about, dtype, format) as writer:
            yield writer


def _metadata(ids_or_frame) -> pd.DataFrame:
    if isinstance(ids_or_frame, pd.DataFrame):
        return ids_or_frame
    return pd.DataFrame(index=index_of(map(str, ids_or_frame)))


@contextmanager
def _row_writer(path, samples, genes, dtype):
    """Write each sample as the line it is."""
    with text_writer(path) as write:
        form = DelimitedForm(path)
        names = form.fields(samples.index)
        form.write_header(write, genes.index, genes_in_rows=False)

        def store(rows: slice, block: np.ndarray) -> None:
            for name, row in zip(names[rows], block, strict=True):
                form.write_row(write, name, row)

        writer = BlockWriter(samples.index, genes.index, dtype, store)
        yield writer
        writer.check_complete()


@contextmanager
def _turned_writer(path, samples, genes, dtype, format):
    """Collect all samples in a scratch file, then write gene by gene."""
    shape = (len(samples), len(genes))
    with text_writer(path) as write, Scratch(Path(path).expanduser(), shape, dtype) as scratch:
        if format == "gct":
            form = GCTForm(samples, genes)
            form.write_head(write)
        else:
            form = DelimitedForm(path)
            names = form.fields(genes.index)
            form.write_header(write, samples.index, genes_in_rows=True)
        writer = BlockWriter(samples.index, genes.index, dtype, scratch.add)
        yield writer
        writer.check_complete()
        for i, values in enumerate(scratch.genes()):
            form.write_row(write, i if format == "gct" else names[i], values)
