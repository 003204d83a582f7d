"""Write the embedded E. coli file from the tables of pymodulon 0.2.1.

Usage: SKLEARN_DGEX_DATA=<folder> python benchmarks/data/make_ecoli_extract.py

The folder, or one below it, holds log_tpm.parquet (samples × genes) and, beside it, samples.csv and
genes.csv.
Prints the file's size and sha256, which stand in descr/ecoli_precise.rst.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

N_FEATURES = 400
SEED = 0
OUT = Path(__file__).parents[2] / "sklearn_dgex" / "datasets" / "data" / "ecoli_precise.npz"


def extract(folder: Path) -> dict[str, np.ndarray]:
    """Arrays of the embedded file; genes sorted by locus tag, samples as in the table."""
    expression = pd.read_parquet(folder / "log_tpm.parquet").sort_index(axis=1)
    samples = pd.read_csv(folder / "samples.csv", index_col="Sample ID").loc[expression.index]
    genes = pd.read_csv(folder / "genes.csv", index_col=0, keep_default_na=False)
    values = expression.to_numpy(dtype=np.float64)
    gene_mean = values.mean(axis=0).astype(np.float32)
    is_feature = np.zeros(expression.shape[1], dtype=bool)
    is_feature[np.random.default_rng(SEED).permutation(len(is_feature))[:N_FEATURES]] = True
    return {
        "deviation": (values - gene_mean).astype(np.float16),
        "gene_mean": gene_mean,
        "is_feature": is_feature,
        "sample_names": expression.index.to_numpy(dtype=str),
        "gene_names": expression.columns.to_numpy(dtype=str),
        "gene_symbols": genes.loc[expression.columns, "gene_name"].to_numpy(dtype=str),
        # not by project: "wt_glc" is the same condition in several, and must not be split either
        "groups": samples["condition"].to_numpy(dtype=str),
    }


def write_npz(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Like np.savez_compressed, but with fixed time stamps: the same arrays, the same sha256."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            buffer = BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, buffer.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9)


if __name__ == "__main__":
    source = next(Path(os.environ["SKLEARN_DGEX_DATA"]).rglob("log_tpm.parquet"))
    write_npz(OUT, extract(source.parent))
    content = OUT.read_bytes()
    print(f"{OUT.name}: {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}")
