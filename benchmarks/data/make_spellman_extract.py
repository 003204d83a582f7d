"""Write the embedded Spellman file from the yeast table of the R package kohonen.

Usage: SKLEARN_DGEX_DATA=<folder> python benchmarks/data/make_spellman_extract.py

The folder, or one below it, holds spellman800.csv (genes × conditions, after a column `class`).
Prints the file's size and sha256, which stand in descr/spellman_yeast.rst.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pandas as pd
from make_ecoli_extract import write_npz

from sklearn_dgex.datasets._spellman import MISSING

SOURCE_SHA256 = "6dd8bd8694d27e279da116baa86700574cf74a32808ceca331b8fcb87891b9f1"
OUT = Path(__file__).parents[2] / "sklearn_dgex" / "datasets" / "data" / "spellman_yeast.npz"


def extract(source: Path) -> dict[str, np.ndarray]:
    """Arrays of the embedded file; genes and conditions as in the table."""
    table = pd.read_csv(source, index_col=0)
    values = table.drop(columns="class")
    hundredths = (values * 100).round()
    if not (hundredths / 100).equals(values):
        raise ValueError(f"{source} must hold at most two decimals; they would be lost.")
    return {
        "hundredths": hundredths.fillna(MISSING).to_numpy(dtype=np.int16),
        "phase": table["class"].to_numpy(dtype=str),
        "gene_names": table.index.to_numpy(dtype=str),
        "feature_names": values.columns.to_numpy(dtype=str),
    }


if __name__ == "__main__":
    source = next(Path(os.environ["SKLEARN_DGEX_DATA"]).rglob("spellman800.csv"))
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    if digest != SOURCE_SHA256:
        raise OSError(f"{source} must have the sha256 {SOURCE_SHA256}. Got {digest} instead.")
    write_npz(OUT, extract(source))
    content = OUT.read_bytes()
    print(f"{OUT.name}: {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}")
