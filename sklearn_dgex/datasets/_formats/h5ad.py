"""h5ad, the format of AnnData, read and written by anndata itself."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sklearn_dgex.datasets._formats.hdf5.errors import library_errors, named_errors
from sklearn_dgex.datasets._formats.limits import MAX_EXPANSION, SPARE, check_file
from sklearn_dgex.datasets._formats.metadata import STRINGS, index_of
from sklearn_dgex.datasets._formats.precision import converted
from sklearn_dgex.datasets._formats.table import (
    ExpressionTable,
    as_table,
    named_columns,
    table_of,
    values_of,
)
from sklearn_dgex.datasets._formats.text.numbers import check_dtype
from sklearn_dgex.utils.files import write_aside
from sklearn_dgex.utils.genes import listed


def read_h5ad(path, *, layer=None, dtype=np.float32) -> ExpressionTable:
    """Read an h5ad file.

    Parameters
    ----------
    path : str or path-like
        The file.
    layer : str or None, default=None
        Which layer to read; None is ``X``.
    dtype : dtype, default=numpy.float32
        Type of the values. float32 keeps 7 digits, as expression is measured to. float64 is for
        counts above 16,777,216, which float32 would change: such are refused.

    Returns
    -------
    ExpressionTable
        ``obs`` is the metadata of samples, ``var`` that of genes. Sparse values become dense, which
        takes 4 bytes for each float32, however small the file.

    Raises
    ------
    ValueError
        If there is no such layer, or values do not fit into ``dtype``.
    OSError
        If the file is not such a file, or claims values in more than 100 times its size.
    ImportError
        If anndata is not installed.

    Notes
    -----
    The file is read by anndata, which trusts it: a file made to do harm may take any memory. The
    other readers of this package check what a file claims before they believe it.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from sklearn_dgex.datasets import read_h5ad, write_h5ad
    >>> folder = tempfile.TemporaryDirectory()
    >>> frame = pd.DataFrame({"TP53": [7.5, 8.0], "MYC": [6.0, 5.5]}, index=["s1", "s2"])
    >>> write_h5ad(frame, f"{folder.name}/small.h5ad")  # doctest: +SKIP
    >>> read_h5ad(f"{folder.name}/small.h5ad").expression  # doctest: +SKIP
        TP53  MYC
    s1   7.5  6.0
    s2   8.0  5.5
    >>> folder.cleanup()
    """
    dtype = check_dtype(dtype)
    anndata = _import_anndata(f"Reading {str(path)!r}")
    path = check_file(path)
    with named_errors(path, "The content"), library_errors():
        data = anndata.read_h5ad(path)
    if layer is not None and layer not in data.layers:
        raise ValueError(
            f"The 'layer' parameter must name a layer of {str(path)!r}. Got {layer!r} instead; "
            f"there are {listed(list(data.layers)) or 'none'}."
        )
    values = data.X if layer is None else data.layers[layer]
    if values is None:
        raise ValueError(
            f"The file {str(path)!r} must have values in X. Got none; name one of its layers "
            f"instead: {listed(list(data.layers)) or 'there are none'}."
        )
    n_bytes = data.n_obs * data.n_vars * dtype.itemsize
    if n_bytes > SPARE + MAX_EXPANSION * path.stat().st_size:
        raise OSError(
            f"The values of {str(path)!r} must take at most {MAX_EXPANSION} times its size. Got "
            f"{n_bytes:,} bytes instead; select genes or samples with anndata first."
        )
    dense = values.toarray() if hasattr(values, "toarray") else np.asarray(values)
    values = converted(dense, dtype, f"Values of {str(path)!r}")
    return table_of(values, _from_anndata(data.obs), _from_anndata(data.var))


def write_h5ad(table, path) -> None:
    """Write expression values as h5ad.

    Parameters
    ----------
    table : ExpressionTable, or frame of shape (n_samples, n_genes)
        A frame has no metadata.
    path : str or path-like
        A file that is there is replaced once the new one is whole.

    Raises
    ------
    OSError
        If the file cannot be written.
    ImportError
        If anndata is not installed.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from sklearn_dgex.datasets import ExpressionTable, read_h5ad, write_h5ad
    >>> folder = tempfile.TemporaryDirectory()
    >>> frame = pd.DataFrame({"TP53": [7.5, 8.0], "MYC": [6.0, 5.5]}, index=["s1", "s2"])
    >>> about = pd.DataFrame({"tissue": ["lung", "skin"]}, index=frame.index)
    >>> table = ExpressionTable(frame, about, pd.DataFrame(index=frame.columns))
    >>> write_h5ad(table, f"{folder.name}/small.h5ad")  # doctest: +SKIP
    >>> read_h5ad(f"{folder.name}/small.h5ad").samples  # doctest: +SKIP
       tissue
    s1   lung
    s2   skin
    >>> folder.cleanup()
    """
    anndata = _import_anndata(f"Writing {str(path)!r}")
    table = as_table(table)
    data = anndata.AnnData(
        X=np.ascontiguousarray(values_of(table)),
        obs=_for_anndata(table.samples),
        var=_for_anndata(table.genes),
    )
    with write_aside(path, suffix=".h5ad") as aside:
        data.write_h5ad(aside)


def _for_anndata(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with names of str, and text as categories, which may be missing."""
    columns = {
        name: column if pd.api.types.is_numeric_dtype(column.dtype) else _categories(column)
        for name, column in named_columns(frame).items()
    }
    data = pd.DataFrame(columns, index=frame.index)
    # of object, for pandas 3 has a dtype of text that anndata does not write
    data.index = pd.Index(list(map(str, frame.index)), dtype=object)
    data.columns = pd.Index(list(columns), dtype=object)
    return data


def _from_anndata(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with text as text."""
    index = index_of(map(str, frame.index))
    columns = {
        name: pd.Series(column.astype(object).to_numpy(), index=index, dtype=STRINGS)
        if isinstance(column.dtype, pd.CategoricalDtype)
        else column.set_axis(index)
        for name, column in named_columns(frame).items()
    }
    return pd.DataFrame(columns, index=index)


def _categories(column: pd.Series) -> pd.Series:
    texts = [
        np.nan if is_missing else str(value)
        for value, is_missing in zip(column, column.isna(), strict=True)
    ]
    present = sorted({text for text in texts if isinstance(text, str)})
    return pd.Series(pd.Categorical(texts, pd.Index(present, dtype=object)), index=column.index)


def _import_anndata(what: str):
    try:
        import anndata
    except ImportError as error:
        raise ImportError(
            f"{what} needs anndata, which is not installed. Install it with: "
            "pip install 'sklearn_dgex[anndata]'"
        ) from error
    return anndata
