"""Yeast genes through two cell cycles: the sets of Yeung & Ruzzo (2001), downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sklearn_dgex.datasets._base import gene_bunch
from sklearn_dgex.datasets._remote import RemoteFile, fetch_file

N_TIMES = 17


class _GeneSet(NamedTuple):
    file: RemoteFile
    delimiter: str
    classes: list[str]


_SETS = {
    384: _GeneSet(
        RemoteFile(
            "norm_cellcycle_384_17.txt",
            "269116cafad01426b2c20bfff98b30a3d4b71d57cfb553a296895ba40bd0bdde",
            "https://raw.githubusercontent.com/sumrania/compgen/"
            "ef42c182212307f5e0a5b3dbb182e9842bfc321c/data/norm_cellcycle_384_17.txt",
        ),
        ",",
        ["early G1", "late G1", "S", "G2", "M"],
    ),
    237: _GeneSet(
        RemoteFile(
            "Logcho_237_4class.txt",
            "5eaf1841d120e8baa08a3b13107b4d2657aebe75733c35c4b2eb824fcc7b6e82",
            "https://raw.githubusercontent.com/bioinformatics-ca/2015_workshops/"
            "bcf064e64a457509055797e9ff765a807a73dbcf/eda/Logcho_237_4class.txt",
        ),
        "\t",
        [
            "DNA synthesis and replication",
            "nitrogen and sulphur metabolism",
            "organisation of centrosome",
            "ribosomal proteins",
        ],
    ),
}


def fetch_yeast_cell_cycle(
    n_genes=384, *, data_home=None, download_if_missing=True, return_X_y=False, as_frame=True
) -> Any:
    """Yeast genes at 17 times through two cell cycles: cluster the genes by phase or function.

    The two sets that papers on gene clustering compare methods on. In clustering the genes are
    the samples and the times the features. The first call downloads 60 kB (384 genes) or 35 kB
    (237 genes).

    Parameters
    ----------
    n_genes : {384, 237}, default=384
        384 genes that peak in one of five phases, each gene standardised over the times; or 237
        genes of four functional categories, as natural logarithms.
    data_home : str or path-like, default=None
        Folder for the download; None is the folder ``sklearn_dgex`` in
        :func:`sklearn.datasets.get_data_home`. A folder named by the environment variable
        SKLEARN_DGEX_DATA is searched first.
    download_if_missing : bool, default=True
        False raises an error where a download would be needed.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=True
        A frame with gene and time names; False gives an array. True, since genes are matched by
        name throughout this package.

    Returns
    -------
    Bunch, or tuple ``(data, target)`` if ``return_X_y``
        The Bunch has these attributes:

        data : float64 frame or ndarray of shape (n_genes, 17)
            Expression, without missing values. Of the 384 genes each has mean 0 and standard
            deviation 1 (``ddof=1``); the 237 are not standardised.
        target : ndarray of int, of shape (n_genes,)
            Class of each gene, counted from 0: its place in ``target_names``. The file's own
            number less one.
        target_names : list of str
            For 384 genes the phases early G1 (67 genes), late G1 (135), S (75), G2 (52) and
            M (55); for 237 the MIPS categories DNA synthesis and replication (49), nitrogen and
            sulphur metabolism (31), organisation of centrosome (18) and ribosomal proteins (139).
        frame : frame of shape (n_genes, 18), or None
            ``data`` and the column ``target``, if ``as_frame``.
        feature_names : list of str
            ``c1`` to ``c17``: the times, ten minutes apart.
        gene_names : list of str
            Systematic names (ORFs), in capitals.
        DESCR : str
            Origin, terms and processing.

    Raises
    ------
    ValueError
        If ``n_genes`` is neither 384 nor 237.
    OSError
        If a file cannot be had, or its sha256 is not the one expected.
    ImportError
        If a download is needed and pooch is not installed.

    See Also
    --------
    load_spellman_yeast : 800 genes in 77 conditions, embedded.

    Notes
    -----
    In the set of 237, gene names repeat: 18 rows, all ribosomal, are copies of another row, and
    YCR028C and YKL112W each stand in two categories. All rows are kept, since the papers' figures
    count them. ``frame[~frame.duplicated()]`` drops the copies.

    References
    ----------
    Cho, R. J. et al. (1998). A genome-wide transcriptional analysis of the mitotic cell cycle.
    Molecular Cell 2, 65-73.

    Yeung, K. Y. and Ruzzo, W. L. (2001). Principal component analysis for clustering gene
    expression data. Bioinformatics 17, 763-774.

    Examples
    --------
    >>> from sklearn_dgex.datasets import fetch_yeast_cell_cycle
    >>> X, phase = fetch_yeast_cell_cycle(return_X_y=True)  # doctest: +SKIP
    >>> X.shape  # doctest: +SKIP
    (384, 17)
    """
    if n_genes not in list(_SETS):
        raise ValueError(f"n_genes must be 384 or 237. Got {n_genes!r} instead.")
    gene_set = _SETS[n_genes]
    path = fetch_file(gene_set.file, data_home=data_home, download_if_missing=download_if_missing)
    values, target, gene_names = _read_genes(path, gene_set.delimiter)
    return gene_bunch(
        values,
        target=target,
        target_names=gene_set.classes,
        gene_names=gene_names,
        feature_names=[f"c{i + 1}" for i in range(N_TIMES)],
        descr="yeast_cell_cycle",
        return_X_y=return_X_y,
        as_frame=as_frame,
    )


def _read_genes(path: Path, delimiter: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Values, classes from 0, and names: a row is a name, a class from 1 and the 17 values."""
    # The header is of no use: in the set of 384 it is shifted by one column, in the set of 237 it
    # ends in two line ends. A last comma ends every row of the set of 384.
    lines = path.read_text(encoding="ascii").splitlines()[1:]
    rows = [line.split(delimiter)[: 2 + N_TIMES] for line in lines if line]
    values = np.array([row[2:] for row in rows], dtype=np.float64)
    target = np.array([row[1] for row in rows], dtype=np.int64) - 1
    # written as "YBR252w/", "YGR281W" and "YDL179w" in one file
    return values, target, [row[0].rstrip("/").upper() for row in rows]
