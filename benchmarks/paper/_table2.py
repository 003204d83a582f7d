"""What results/table2.json says: errors of samples, means over folds, and tests of the pattern."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from scipy.stats import t as student

ARCHITECTURE_NAMES = ("T-D-GEX", "C-D-GEX", "TR-D-GEX", "CR-D-GEX")
BELOW_THE_LINE = ("D-GEX (tanh)", "D-GEX with TAAFs", "LR", "LR-L2", "KNN-GE")
PAPERS_PAIR = ("CR-D-GEX, 5 towers", "D-GEX with TAAFs")  # of Figures 7 to 10
PUBLISHED_DENSE = {"D-GEX (tanh)": 0.163684, "D-GEX with TAAFs": 0.134015}  # below Table 2


def folds_of(cells: dict, data: str, name: str) -> list[str]:
    """Keys of a model's cells, in the order of the folds."""
    keys = [key for key in cells if key.split("/", 2)[::2] == [data, name]]
    return sorted(keys, key=lambda key: int(key.split("/")[1]))


def sample_errors(cells: dict, data: str, name: str) -> np.ndarray:
    """MAE of every sample, each in the fold where it is a test sample; folds one after another.

    Replicates are averaged: they count as one sample.
    """
    return np.concatenate([cells[key]["per_sample_mae"] for key in folds_of(cells, data, name)])


def of_folds(cells: dict, data: str, name: str, figure: str = "mmae") -> np.ndarray:
    """A figure of every fold of a model; empty if it was not measured."""
    return np.array([cells[key][figure] for key in folds_of(cells, data, name)])


def towers_measured(cells: dict, data: str) -> list[int]:
    """Numbers of towers of which every architecture has all folds."""
    parts = [key.split("/") for key in cells if key.startswith(f"{data}/")]
    if not parts:
        sys.exit(f"Run table2.py first: nothing is measured on {data}.")
    towers = {int(p[3]) for p in parts if len(p) == 4}
    n_folds = 1 + max(int(p[1]) for p in parts)
    return sorted(
        k
        for k in towers
        if all(len(folds_of(cells, data, f"{a}/{k}")) == n_folds for a in ARCHITECTURE_NAMES)
    )


def mmae_tables(cells: dict, data: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Mean over folds, and its standard error, by number of towers and architecture.

    Some folds are harder than others for all networks alike. That says nothing about networks, so
    the error is that of the difference from the fold's average network.
    """
    towers = towers_measured(cells, data)
    mmae = np.array(
        [[of_folds(cells, data, f"{a}/{k}") for a in ARCHITECTURE_NAMES] for k in towers]
    )  # (towers, architectures, folds)
    own = mmae - mmae.mean(axis=(0, 1))
    error = own.std(axis=2, ddof=1) / np.sqrt(mmae.shape[2])
    labels = {"index": pd.Index(towers, name="n_towers"), "columns": list(ARCHITECTURE_NAMES)}
    return pd.DataFrame(mmae.mean(axis=2), **labels), pd.DataFrame(error, **labels)


def p_value_over_folds(values: np.ndarray, reference: np.ndarray) -> float:
    """Two-sided t-test of paired folds, for training sets that overlap.

    As the training sets share samples, the plain test would be too sure of itself; Nadeau & Bengio
    (2003), Inference for the generalization error, Machine Learning 52, correct its variance.
    """
    difference, k = values - reference, len(values)
    if not difference.any():
        return 1.0
    variance = difference.var(ddof=1) * (1 / k + 1 / (k - 1))
    return float(2 * student.sf(abs(difference.mean()) / np.sqrt(variance), k - 1))
