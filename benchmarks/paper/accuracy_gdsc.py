"""Infer all 5,311 other genes of the GDSC cell lines from 467 landmarks: who is most accurate?

Five random splits of the 975 lines into 70 % training, 10 % validation and 20 % test. Every method
learns from the training part alone: the baselines are tuned by cross-validation inside it, the
default DGEXRegressor holds samples of it out by itself, and the validation part stays untouched, so
that nobody has seen more than the others. The ladder walks the papers' networks at one parameter
budget, one member each and no linear path, trained alike; its last row is trained as published.

    SKLEARN_DGEX_DATA=… python benchmarks/paper/accuracy_gdsc.py            # an hour or so, 2 cores
    SKLEARN_DGEX_DATA=… python benchmarks/paper/accuracy_gdsc.py --quick    # one split, 300 targets

Results go to results/accuracy_gdsc.json, cell by cell; a second call goes on where one was cut.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd
from _networks import widest
from _results import Results, data_folder
from scipy.stats import wilcoxon
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.metrics import mmae, per_gene_correlation, per_sample_mae
from sklearn_dgex.nn.sizing import count_parameters

N_SPLITS = 5
BUDGET_WIDTH = 500
ALPHAS = {"kernelridge__alpha": [0.01, 0.03, 0.1, 0.3, 1.0]}


def load(quick: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    folder = data_folder() / "gdsc"
    expression = pd.read_parquet(folder / "expression.parquet")
    genes = pd.read_csv(folder / "genes.csv", index_col="gene")
    landmark = genes.loc[expression.columns, "l1000_landmark"].to_numpy(bool)
    X, y = expression.loc[:, landmark], expression.loc[:, ~landmark]
    return X, y.iloc[:, :300] if quick else y


def split(n_samples: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    order = np.random.default_rng(seed).permutation(n_samples)
    return np.split(order, [int(0.7 * n_samples), int(0.8 * n_samples)])


def tuned(regressor, grid: dict, *, n_folds: int = 5) -> GridSearchCV:
    folds = KFold(n_folds, shuffle=True, random_state=0)
    return GridSearchCV(
        make_pipeline(StandardScaler(), regressor),
        grid,
        scoring="neg_mean_absolute_error",
        cv=folds,
    )


def scaled_targets(regressor) -> TransformedTargetRegressor:
    return TransformedTargetRegressor(regressor, transformer=StandardScaler(), check_inverse=False)


def centred_targets(regressor) -> TransformedTargetRegressor:
    return TransformedTargetRegressor(
        regressor, transformer=StandardScaler(with_std=False), check_inverse=False
    )


def baselines() -> dict:
    rbf = {"kernelridge__gamma": [2e-4, 5e-4, 1e-3, 2e-3, 4e-3], **ALPHAS}
    mlp = MLPRegressor(random_state=0, batch_size=64, early_stopping=True, max_iter=100)
    return {
        "mean": DummyRegressor(),
        "linear regression": LinearRegression(),
        "ridge": tuned(Ridge(), {"ridge__alpha": np.logspace(1, 4, 13)}),
        "k nearest neighbours": tuned(
            KNeighborsRegressor(),
            {
                "kneighborsregressor__n_neighbors": [3, 5, 8, 12, 20],
                "kneighborsregressor__weights": ["uniform", "distance"],
            },
        ),
        "kernel ridge": centred_targets(tuned(KernelRidge(kernel="rbf"), rbf)),
        "MLPRegressor": scaled_targets(
            tuned(
                mlp,
                {
                    "mlpregressor__hidden_layer_sizes": [(500,), (500, 500)],
                    "mlpregressor__alpha": [1e-2, 1.0],
                },
                n_folds=3,
            )
        ),
    }


def tanh_width(n_features_in: int, n_targets: int) -> int:
    """Width of a dense network without TAAFs that has the parameters of one with them."""
    sizes = {"n_features_in": n_features_in, "n_targets": n_targets}
    return widest(count_parameters(BUDGET_WIDTH, 1, **sizes), BUDGET_WIDTH, taaf=False, **sizes)


def ladder(n_features_in: int, n_targets: int) -> dict:
    alike = {"n_members": 1, "linear_path": 0, "random_state": 0}
    dense = {"n_towers": 1, "architecture": "tower", "skip_connection": False, **alike}
    towers = {"width": BUDGET_WIDTH, "n_towers": 5, **alike}
    tower, checkerboard = {"architecture": "tower"}, {"architecture": "checkerboard"}
    return {
        "D-GEX (tanh)": DGEXRegressor(
            tanh_width(n_features_in, n_targets), activation="tanh", taaf=False, **dense
        ),
        "D-GEX-TAAF": DGEXRegressor(BUDGET_WIDTH, **dense),
        "T-D-GEX": DGEXRegressor(**towers, **tower, skip_connection=False),
        "C-D-GEX": DGEXRegressor(**towers, **checkerboard, skip_connection=False),
        "TR-D-GEX": DGEXRegressor(**towers, **tower),
        "CR-D-GEX": DGEXRegressor(**towers, **checkerboard),
        "CR-D-GEX as published": DGEXRegressor.from_paper(
            "CR-D-GEX", width=BUDGET_WIDTH, n_networks=1, random_state=0
        ),
    }


def measure(model, X, y, train, test) -> dict:
    start = time.perf_counter()
    model.fit(X.iloc[train], y.iloc[train])
    seconds = time.perf_counter() - start
    y_test, y_pred = y.iloc[test].to_numpy(), np.asarray(model.predict(X.iloc[test]))
    cell = {
        "mmae": float(mmae(y_test, y_pred)),
        "genes_above_half": float(np.mean(per_gene_correlation(y_test, y_pred) > 0.5)),
        "per_sample_mae": np.round(per_sample_mae(y_test, y_pred), 6).tolist(),
        "seconds": round(seconds, 1),
    }
    search = getattr(model, "regressor_", model)
    if isinstance(search, GridSearchCV):
        cell["chosen"] = {name.split("__")[1]: v for name, v in search.best_params_.items()}
    if isinstance(model, DGEXRegressor):
        cell["n_parameters"] = model.n_parameters_
        cell["validation_mmae"] = model.best_validation_score_
        cell["n_iter"] = model.n_iter_
    return cell


def run(results: Results, seed: int, name: str, model, X, y) -> None:
    key = f"{seed}/{name}"
    if key in results:
        return
    train, _, test = split(len(X), seed)
    results.add(key, measure(model, X, y, train, test))
    cell = results[key]
    print(f"{key}: MMAE {cell['mmae']:.4f} in {cell['seconds']} s", flush=True)


def show(results: Results, seeds: range, names: list[str]) -> None:
    table = pd.DataFrame(
        {seed: {name: results[f"{seed}/{name}"]["mmae"] for name in names} for seed in seeds}
    )
    table["mean"] = table.mean(axis=1)
    table["against kernel ridge"] = table["mean"] / table.loc["kernel ridge", "mean"] - 1
    print(table.to_string(float_format="{:.4f}".format))
    for seed in seeds:
        ours, theirs = (
            results[f"{seed}/{name}"]["per_sample_mae"]
            for name in ("DGEXRegressor", "kernel ridge")
        )
        print(f"split {seed}: Wilcoxon signed-rank against kernel ridge, p = ", end="")
        print(f"{wilcoxon(ours, theirs, alternative='less').pvalue:.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one split, 300 targets")
    quick = parser.parse_args().quick
    X, y = load(quick)
    results = Results("accuracy_gdsc_quick" if quick else "accuracy_gdsc")
    seeds = range(1 if quick else N_SPLITS)
    rivals = {**baselines(), "DGEXRegressor": DGEXRegressor(random_state=0)}
    steps = ladder(X.shape[1], y.shape[1])
    for name, model in rivals.items():
        for seed in seeds:
            run(results, seed, name, model, X, y)
    for seed in seeds:
        for name, model in steps.items():
            run(results, seed, name, model, X, y)
    show(results, seeds, [*rivals, *steps])


if __name__ == "__main__":
    main()
