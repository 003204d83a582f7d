"""The comparisons that R's limma was asked for, so that moderated_t can be asked for them too.

    python tests/reference/limma_cases.py        # needs Rscript with limma, and the GDSC profiles

writes limma.json.gz beside this file: of each case the prior, and of every fourth gene what limma
said. The prior rests on all genes, and through it every t and p does.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from sklearn_dgex.datasets import fetch_gdsc_cell_lines, load_ecoli_precise, load_spellman_yeast

FOLDER = Path(__file__).parent
FROZEN = FOLDER / "limma.json.gz"
STEP = 4  # one gene of so many is kept


class Case(NamedTuple):
    """Profiles, samples × genes; a design; and the column of it that is tested."""

    expression: pd.DataFrame
    design: pd.DataFrame
    contrast: str


def two_groups(names, is_second) -> pd.DataFrame:
    """Design of an intercept and what the second group has more."""
    return pd.DataFrame({"intercept": 1.0, "second": np.asarray(is_second, float)}, index=names)


def ecoli_groups() -> Case:
    """Fifteen controls against the mutants and media of one study."""
    data = load_ecoli_precise()
    names = pd.Index(data.sample_names)
    control, other = data.groups == "wt_glc", names.str.startswith("fur__")
    expression = data.frame[control | other].astype(float)
    return Case(expression, two_groups(expression.index, ~control[control | other]), "second")


def ecoli_design() -> Case:
    """The same with a covariate, in a design without orthogonal columns."""
    case = ecoli_groups()
    trend = np.linspace(-1.0, 1.0, len(case.design)) ** 3
    return case._replace(design=case.design.assign(trend=trend), contrast="second")


def ecoli_rounded() -> Case:
    """Whole numbers: many genes share a variance, and that of some is zero."""
    case = ecoli_groups()
    return case._replace(expression=case.expression.round())


def ecoli_sparse() -> Case:
    """Three samples against four, half the values missing: of some genes a whole group, or all."""
    case = ecoli_groups()
    second = case.design["second"].to_numpy(bool)
    rows = [*np.flatnonzero(~second)[:3], *np.flatnonzero(second)[:4]]
    expression = case.expression.iloc[rows, :1000].copy()
    pattern = np.arange(expression.shape[1]) // STEP
    for i in range(len(rows)):
        expression.iloc[i, pattern // 2**i % 2 == 1] = np.nan  # so that each of 128 is there
    return case._replace(expression=expression, design=case.design.iloc[rows])


def spellman_groups() -> Case:
    """The first arrays of two time courses of yeast against the later; many values are missing."""
    frame = load_spellman_yeast().data.T.astype(float)
    frame = frame[frame.index.str.startswith(("alpha", "cdc15"))]
    return Case(frame, two_groups(frame.index, time_points(frame.index) > 4), "second")


def time_points(names: pd.Index) -> np.ndarray:
    """Number of each array in its series, from 1."""
    return names.str.extract(r"_(\d+)$")[0].astype(float).to_numpy()


def spellman_design() -> Case:
    """Four ways of synchronising yeast and a trend in time, with missing values."""
    frame = load_spellman_yeast().data.T.astype(float)
    frame = frame[~frame.index.str.startswith("cl")]
    series = frame.index.str.replace(r"_\d+$", "", regex=True)
    trend = time_points(frame.index)
    design = pd.DataFrame({"intercept": 1.0, "trend": trend}, index=frame.index)
    for name in ("cdc15", "cdc28", "elu"):
        design[name] = (series == name).astype(float)
    return Case(frame, design, "trend")


def gdsc_groups() -> Case:
    """Epithelial against other cancer cell lines, told apart by a landmark gene."""
    landmarks, targets = fetch_gdsc_cell_lines(return_X_y=True, download_if_missing=False)
    order = landmarks["CDH3"].sort_values(kind="stable").index
    chosen = [*order[:80], *order[-80:]]
    expression = targets.loc[chosen].astype(float)
    return Case(expression, two_groups(chosen, np.arange(160) >= 80), "second")


def gdsc_equal() -> Case:
    """The same with one residual variance for all genes, which leaves the prior without bounds."""
    case = gdsc_groups()
    second = case.design["second"].to_numpy(bool)
    scaled = case.expression.copy()
    for rows in (second, ~second):
        values = scaled[rows]
        scaled[rows] = values.mean() + (values - values.mean()) / values.std()
    return case._replace(expression=scaled)


CASES = {
    case.__name__: case
    for case in (
        ecoli_groups,
        ecoli_design,
        ecoli_rounded,
        ecoli_sparse,
        spellman_groups,
        spellman_design,
        gdsc_groups,
        gdsc_equal,
    )
}


def ask_limma(case: Case) -> dict:
    """Run limma.R on a case and read what it wrote."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("expression.csv", "design.csv", "out.csv")]
        case.expression.to_csv(paths[0], float_format="%.17g", na_rep="NA")
        case.design.to_csv(paths[1], float_format="%.17g")
        script = FOLDER / "limma.R"
        subprocess.run(["Rscript", script, *paths, case.contrast], check=True)
        table = pd.read_csv(paths[2], index_col="gene", dtype={"gene": str}, skipinitialspace=True)
    prior = {name: float(table[name].iloc[0]) for name in ("df_prior", "variance_prior")}
    kept = table.iloc[::STEP].drop(columns=list(prior))
    return {**prior, **{name: kept[name].tolist() for name in kept}, "version": _version()}


def _version() -> str:
    code = 'cat(R.version.string, "limma", as.character(packageVersion("limma")))'
    done = subprocess.run(["Rscript", "-e", code], check=True, capture_output=True, text=True)
    return done.stdout


def read_frozen() -> dict:
    with gzip.open(FROZEN, "rt") as stream:
        return json.load(stream)


if __name__ == "__main__":
    answers = {name: ask_limma(make()) for name, make in CASES.items()}
    packed = gzip.compress(json.dumps(answers).encode(), mtime=0)
    FROZEN.write_bytes(packed)
    print(f"{FROZEN.name}: {len(packed) / 1e3:.0f} kB")
