"""The main job on real data: infer most of a genome from a few hundred genes, and compare."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold, GroupShuffleSplit
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_dgex._dgex import DGEXRegressor
from sklearn_dgex.datasets import load_ecoli_precise, write_gctx
from sklearn_dgex.metrics import mmae, per_gene_correlation
from sklearn_dgex.metrics._report import TRUSTED
from sklearn_dgex.utils.files import check_target, write_aside
from sklearn_dgex.utils.progress import shows_progress

UNIT = "log2(TPM + 1)"
OURS = "DGEXRegressor"
HEADING = f"{'method':>30} {'MMAE':>5} {f'genes with r > {TRUSTED}':>18} {'fit (s)':>7}"


@dataclass
class Split:
    """Training and test profiles that share no experimental condition."""

    X_train: pd.DataFrame
    X_test: pd.DataFrame
    y_train: pd.DataFrame
    y_test: pd.DataFrame
    conditions: np.ndarray  # of the training profiles


def run(*, picture: str | None = "sklearn_dgex_demo.png", n_targets: int | None = None) -> None:
    """Train, print the table line by line and write the picture.

    Parameters
    ----------
    picture : str or None
        File for the picture; None draws none.
    n_targets : int or None
        Infer only the first so many target genes; None infers all.

    Raises
    ------
    OSError
        If the picture could not be written, before the minutes of training.
    """
    if picture is not None:
        check_target(picture)
    data = split(n_targets)
    print(
        f"E. coli PRECISE: {len(data.X_train)} profiles for training, {len(data.X_test)} for test, "
        "no condition in both.\n"
        f"{data.X_train.shape[1]} measured genes -> {data.y_train.shape[1]} inferred genes, "
        f"{UNIT}.\n"
    )
    rows, inferred = {}, {}
    print(HEADING, flush=True)
    for name, model in methods(data).items():
        if name == OURS and not shows_progress():
            how_long = "about two minutes" if n_targets is None else "two minutes at most"
            print(f"Training {OURS}: {how_long} on two free cores.", file=sys.stderr, flush=True)
        rows[name], inferred[name] = compare(model, data)
        print(line(name, rows[name]), flush=True)
    _print_trust(model, rows[OURS], data.y_test.shape[1])
    if picture is not None:
        draw(data.y_test, inferred, picture)


def write_files(folder: str) -> None:
    """Write the demo's profiles as a lab has them: GCTX with locus tags, a gene map, landmarks.

    Parameters
    ----------
    folder : str
        Where to; it is made if it is not there.

    Raises
    ------
    OSError
        If a file can't be written there.
    """
    place, data, names = Path(folder), split(), load_ecoli_precise().gene_symbols
    place.mkdir(parents=True, exist_ok=True)
    whole = pd.concat([data.X_test, data.y_test], axis=1)
    write_gctx(pd.concat([data.X_train, data.y_train], axis=1), place / "training.gctx")
    write_gctx(data.X_test, place / "landmarks.gctx")
    write_gctx(whole, place / "measured.gctx")
    with write_aside(place / "genes.tsv") as aside:
        rows = [("probe", "gene"), *names.items()]
        aside.write_text("".join(f"{locus}\t{symbol}\n" for locus, symbol in rows))
    with write_aside(place / "landmarks.txt") as aside:
        aside.write_text("".join(f"{names[locus]}\n" for locus in data.X_train.columns))
    print(
        f"{place}: E. coli PRECISE, genes by locus tag\n"
        f"  training.gctx   {len(data.X_train)} whole profiles\n"
        f"  landmarks.gctx  the {data.X_test.shape[1]} landmarks of {len(whole)} others\n"
        f"  measured.gctx   all {whole.shape[1]:,} genes of these, to evaluate with\n"
        "  genes.tsv       symbol of each locus tag\n"
        "  landmarks.txt   symbols of the landmarks"
    )


def split(n_targets: int | None = None) -> Split:
    """Hold out a fifth of the conditions, replicates and all."""
    data = load_ecoli_precise()
    X, y = data.data, data.target.iloc[:, :n_targets]
    folds = GroupShuffleSplit(n_splits=1, test_size=0.2, random_state=0)
    train, test = next(folds.split(X, y, groups=data.groups))
    conditions = data.groups[train]
    return Split(X.iloc[train], X.iloc[test], y.iloc[train], y.iloc[test], conditions)


def methods(data: Split) -> dict[str, BaseEstimator]:
    """Name the methods compared, DGEXRegressor last."""
    # Tuned on conditions that the fit has not seen: replicates would choose too weak a penalty.
    folds = list(GroupKFold(5).split(data.X_train, groups=data.conditions))
    ridge = make_pipeline(StandardScaler(), Ridge())
    return {
        "mean of the training profiles": DummyRegressor(),
        "linear regression": LinearRegression(),
        "k nearest neighbours": make_pipeline(StandardScaler(), KNeighborsRegressor()),
        "ridge regression, tuned": GridSearchCV(
            ridge,
            {"ridge__alpha": np.logspace(0, 4, 9)},
            scoring="neg_mean_absolute_error",
            cv=folds,
        ),
        OURS: DGEXRegressor(random_state=0, verbose=1),
    }


def compare(model: BaseEstimator, data: Split) -> tuple[dict, np.ndarray]:
    """Fit a method, infer the test profiles, and say how well."""
    start = time.perf_counter()
    model.fit(data.X_train, data.y_train)
    seconds = time.perf_counter() - start
    inferred = np.asarray(model.predict(data.X_test))
    correlation = per_gene_correlation(data.y_test.to_numpy(), inferred)
    row = {
        "MMAE": mmae(data.y_test.to_numpy(), inferred),
        "trusted genes": int((correlation > TRUSTED).sum()),
        "seconds": seconds,
    }
    return row, inferred


def line(name: str, row: dict) -> str:
    """Lay out a method's line of the table."""
    return f"{name:<30} {row['MMAE']:5.3f} {row['trusted genes']:18,} {row['seconds']:7.1f}"


def draw(y_test: pd.DataFrame, inferred: dict[str, np.ndarray], picture: str) -> None:
    """Draw true against inferred values, and the error per gene, into a file."""
    try:
        import matplotlib
    except ImportError:
        print("\nNo picture without matplotlib: pip install 'sklearn_dgex[plot]' draws it.")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    from sklearn_dgex.plotting import GeneErrorDisplay, InferenceDisplay

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
    truth, ours = y_test.to_numpy(), inferred[OURS]
    InferenceDisplay.from_predictions(truth, ours, ax=left, label=f"expression, {UNIT}")
    others = {name: inferred[name] for name in ("k nearest neighbours", "ridge regression, tuned")}
    GeneErrorDisplay.from_predictions(
        truth,
        ours,
        name=OURS,
        baselines=others,
        ax=right,
        label=f"MAE per gene, {UNIT}",
    )
    with write_aside(picture, suffix=Path(picture).suffix) as aside:
        figure.savefig(aside, dpi=150)
    print(f"Picture: {Path(picture).resolve()}")


def _print_trust(model: DGEXRegressor, row: dict, n_targets: int) -> None:
    n_trusted = row["trusted genes"]
    foretold = int((model.per_gene_quality_["correlation"] > TRUSTED).sum())
    print(
        f"\nDGEXRegressor infers {n_trusted:,} of {n_targets:,} genes with r > {TRUSTED} on new "
        f"conditions; {foretold:,} by samples held out in training, where replicates may stand on "
        "both sides (per_gene_quality_)."
    )
