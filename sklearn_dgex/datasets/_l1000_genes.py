"""Which genes the L1000 assay measures and D-GEX infers: the lists of Chen et al. (2016)."""

from __future__ import annotations

from pathlib import Path

from sklearn.utils import Bunch

from sklearn_dgex.datasets._base import read_descr
from sklearn_dgex.datasets._remote import RemoteFile, fetch_file

_DGEX = "https://raw.githubusercontent.com/uci-cbcl/D-GEX/384b2e705f34d91f66644f24043d271b6579bf9a"
LANDMARKS = RemoteFile(
    "map_lm.txt",
    "7c0be34e103786c43fe5e471a86e278877cfaa2cf0245b3513681ebe883558db",
    f"{_DGEX}/map_lm.txt",
)
TARGETS = RemoteFile(
    "map_tg.txt",
    "a238c8ee0f3200063455ef3275162e347881d447649189d4dc2c6203ff8a1a99",
    f"{_DGEX}/map_tg.txt",
)


def fetch_l1000_genes(*, data_home=None, download_if_missing=True) -> Bunch:
    """Fetch D-GEX's 943 landmark and 9,520 target genes: symbol, Ensembl id and probes.

    With these, a table of expression is split into inputs and outputs. The first call downloads
    0.4 MB.

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder for the download; None is the folder ``sklearn_dgex`` in
        :func:`sklearn.datasets.get_data_home`. A folder named by the environment variable
        SKLEARN_DGEX_DATA is searched first.
    download_if_missing : bool, default=True
        False raises an error where a download would be needed.

    Returns
    -------
    Bunch
        It has these attributes:

        landmarks : frame of shape (943, 3)
            The genes measured, in the file's order. Columns ``symbol`` and ``ensembl`` (str),
            and ``probes`` (tuple of str: probe sets of the array HG-U133A, here always one).
        targets : frame of shape (9520, 4)
            The genes inferred, with the same columns and ``is_landmark`` (bool): True for the
            445 targets whose symbol, and Ensembl id, is a landmark's too. They measure a landmark
            gene through other probes, so nothing is left to infer where genes and not probes are
            the columns. 3,755 targets have several probes.
        DESCR : str
            Origin, terms and processing.

    Raises
    ------
    OSError
        If a file cannot be had, or its sha256 is not the one expected.
    ImportError
        If a download is needed and pooch is not installed.

    See Also
    --------
    fetch_gdsc_cell_lines : Expression data, split by these lists.

    Notes
    -----
    Every Ensembl id stands once. So does every symbol but IL9R, a target twice: it lies on both
    sex chromosomes, and its copy on Y has an id with the letters ENSGR, as has CRLF2.

    References
    ----------
    Chen, Y. et al. (2016). Gene expression inference with deep learning. Bioinformatics 32,
    1832-1839.

    Examples
    --------
    >>> from sklearn_dgex.datasets import fetch_l1000_genes
    >>> genes = fetch_l1000_genes()  # doctest: +SKIP
    >>> genes.targets.loc[~genes.targets["is_landmark"], "symbol"].size  # doctest: +SKIP
    9075
    >>> probes = genes.targets.explode("probes")  # one row a probe  # doctest: +SKIP
    """
    where = {"data_home": data_home, "download_if_missing": download_if_missing}
    landmarks = read_dgex_list(fetch_file(LANDMARKS, **where))
    targets = read_dgex_list(fetch_file(TARGETS, **where))
    targets["is_landmark"] = targets["symbol"].isin(landmarks["symbol"])
    return Bunch(landmarks=landmarks, targets=targets, DESCR=read_descr("l1000_genes"))


def read_dgex_list(path: Path):
    """Frame of a D-GEX gene list: symbol, Ensembl id and a tuple of probes of each gene."""
    import pandas as pd

    names = ["symbol", "ensembl", "probes"]
    # a gene called NA or NAN would be a name, not a gap
    genes = pd.read_csv(path, sep="\t", header=None, names=names, dtype=str, na_filter=False)
    genes["probes"] = [tuple(probes.split(",")) for probes in genes["probes"]]
    return genes
