"""The profiles that R's limma normalised, so that QuantileNormalizer can be asked for them too.

    python tests/reference/limma_quantile_cases.py        # needs Rscript with limma

writes limma_quantiles.json.gz beside this file: of each case every fourth gene.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from sklearn_dgex.datasets import load_ecoli_precise, load_spellman_yeast

FOLDER = Path(__file__).parent
FROZEN = FOLDER / "limma_quantiles.json.gz"
STEP = 4  # one gene of so many is kept


def ecoli() -> pd.DataFrame:
    """Log expression, of which hardly two values are equal."""
    return load_ecoli_precise().frame.iloc[:20:2, ::3].astype(float)


def ecoli_rounded() -> pd.DataFrame:
    """Whole numbers: long runs of equal values, of odd and even length."""
    return ecoli().round()


def spellman() -> pd.DataFrame:
    """Log ratios of yeast, many of them missing, and many equal."""
    frame = load_spellman_yeast().data.T.astype(float)
    return frame.iloc[::6]


def sparse() -> pd.DataFrame:
    """Samples that have from all genes down to two."""
    frame = ecoli().iloc[:, :41].copy()
    kept = [41, 40, 39, 30, 21, 20, 11, 4, 3, 2]
    rng = np.random.default_rng(0)
    for i, n in enumerate(kept):
        frame.iloc[i, rng.permutation(41)[n:]] = np.nan
    return frame.round(1)


CASES = {case.__name__: case for case in (ecoli, ecoli_rounded, spellman, sparse)}


def ask_limma(frame: pd.DataFrame) -> dict:
    """Run limma_quantiles.R on profiles and read what it wrote."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("expression.csv", "out.csv")]
        frame.to_csv(paths[0], float_format="%.17g", na_rep="NA")
        subprocess.run(["Rscript", FOLDER / "limma_quantiles.R", *paths], check=True)
        table = pd.read_csv(paths[1], index_col=0, skipinitialspace=True)
    kept = table.iloc[:, ::STEP].to_numpy()
    return {
        "normalised": [[None if np.isnan(x) else x for x in row] for row in kept.tolist()],
        "version": _version(),
    }


def _version() -> str:
    code = 'cat(R.version.string, "limma", as.character(packageVersion("limma")))'
    done = subprocess.run(["Rscript", "-e", code], check=True, capture_output=True, text=True)
    return done.stdout


def read_frozen_quantiles() -> dict:
    """Answers by case; ``normalised`` as an array with NaN where limma has NA."""
    with gzip.open(FROZEN, "rt") as stream:
        return json.load(stream)


if __name__ == "__main__":
    answers = {name: ask_limma(make()) for name, make in CASES.items()}
    packed = gzip.compress(json.dumps(answers).encode(), mtime=0)
    FROZEN.write_bytes(packed)
    print(f"{FROZEN.name}: {len(packed) / 1e3:.0f} kB")
