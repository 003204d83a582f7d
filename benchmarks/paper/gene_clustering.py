"""Figures 2, 3 and 4 of Gupta et al. (2015): does clustering gain from regenerated profiles?

    SKLEARN_DGEX_DATA=... python benchmarks/paper/gene_clustering.py [--quick] [--jobs 2]

Every setting of Table I, on both sets of genes, with several seeds; KMeans and spectral clustering
of the regenerated profiles, of the raw ones and of principal components. Results go to
results/gene_clustering.json, cell by cell: a run that is cut off goes on where it stopped. What the
criteria choose is run anew each time, for with more seeds they may choose something else. A quick
run has one training in place of twelve.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from _command import options
from _results import Results, results_folder
from _yeast import CORRUPTION, HIDDEN, SETS, clusterers, genes, pipeline, trainings
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import ShuffleSplit
from tqdm import tqdm

from sklearn_dgex.model_selection import (
    HeldOutReconstructionScorer,
    StabilityScorer,
    silhouette_scorer,
)

N_RANDOM_CHOICES = 20
N_SEEDS, N_FRESH_SEEDS = 5, 30
N_QUICK_SEEDS, N_QUICK_FRESH_SEEDS = 2, 4
STABILITY = StabilityScorer(n_resamples=5)
RECONSTRUCTION = HeldOutReconstructionScorer(cv=ShuffleSplit(1, test_size=0.2, random_state=0))
CRITERIA = ("silhouette", "stability", "reconstruction")  # that see no labels


def agreement(X: np.ndarray, y: np.ndarray, seed: int) -> dict[str, float]:
    """ARI of both algorithms on some features of the genes."""
    return {
        name: adjusted_rand_score(y, clusterer.fit(X).labels_)
        for name, clusterer in clusterers(len(np.unique(y)), seed).items()
    }


def one_setting(X, y, seed: int, thorough: bool, **parameters) -> dict[str, float]:
    """Train one network, cluster what it regenerates, and rate it with and without labels."""
    model = pipeline(len(np.unique(y)), seed, **parameters).fit(X)
    regenerated = model[:-1].transform(X)
    spectral = clusterers(len(np.unique(y)), seed)["spectral"].fit(regenerated)
    return {
        "kmeans": adjusted_rand_score(y, model[-1].labels_),
        "spectral": adjusted_rand_score(y, spectral.labels_),
        "silhouette": silhouette_scorer(model, X),
        "stability": STABILITY(model, X) if thorough else np.nan,
        "reconstruction": RECONSTRUCTION(model, X) if thorough else np.nan,
    }


def search_grid(results: Results, seeds: range, quick: bool, workers: Parallel) -> None:
    """Fill one cell a set, seed and training: arrays of shape (n_hidden, n_corruption)."""
    cells = list(product(seeds, SETS, trainings(quick)))
    for seed, n_genes, training in tqdm(cells, desc="cells of 70 settings"):
        key = f"{n_genes}/{seed}/" + "/".join(map(str, training.values()))
        if key in results:
            continue
        X, y = genes(n_genes)
        rated = workers(
            delayed(one_setting)(
                X,
                y,
                seed,
                seed == 0,  # the dear criteria once: they take longer than the network
                hidden_layer_sizes=n_hidden,
                corruption_level=level,
                **training,
            )
            for n_hidden in HIDDEN
            for level in CORRUPTION
        )
        shape = (len(HIDDEN), len(CORRUPTION))
        results.add(
            key,
            {
                name: np.round([r[name] for r in rated], 5).reshape(shape).tolist()
                for name in rated[0]
                if not np.isnan(rated[0][name])
            },
        )


def without_network(results: Results, n_seeds: int) -> None:
    """Raw profiles, the first k principal components, and random choices of k of them."""
    for n_genes in SETS:
        if f"{n_genes}/random/17" in results:
            continue
        X, y = genes(n_genes)
        add_runs(results, f"{n_genes}/raw", [agreement(X, y, seed) for seed in range(n_seeds)])
        components = PCA().fit_transform(X)
        rng = np.random.default_rng(0)
        for k in range(2, X.shape[1] + 1):
            first = [agreement(components[:, :k], y, seed) for seed in range(5)]
            add_runs(results, f"{n_genes}/first/{k}", first)
            random = [
                agreement(components[:, rng.permutation(X.shape[1])[:k]], y, seed)
                for seed in range(N_RANDOM_CHOICES)
            ]
            add_runs(results, f"{n_genes}/random/{k}", random)


def add_runs(results: Results, key: str, runs: list[dict[str, float]]) -> None:
    results.add(key, {name: [run[name] for run in runs] for name in runs[0]})


def grid_of(results: Results, n_genes: int, criterion: str, seeds, quick: bool) -> np.ndarray:
    """All values of a criterion, of shape (n_seeds, n_trainings, n_hidden, n_corruption)."""
    return np.array(
        [
            [
                results[f"{n_genes}/{seed}/" + "/".join(map(str, t.values()))][criterion]
                for t in trainings(quick)
            ]
            for seed in seeds
        ]
    )


def judge_choices(results: Results, seeds: range, quick: bool, workers: Parallel) -> None:
    """Run what each criterion chooses with fresh seeds, and compare with raw in pairs."""
    for n_genes in SETS:
        X, y = genes(n_genes)
        fresh = range(1000, 1000 + (N_QUICK_FRESH_SEEDS if quick else N_FRESH_SEEDS))
        raw = [agreement(X, y, seed) for seed in fresh]
        add_runs(results, f"{n_genes}/fresh/raw", raw)
        for criterion in ("kmeans", *CRITERIA):
            seen = seeds if criterion in ("kmeans", "silhouette") else [0]
            mean = grid_of(results, n_genes, criterion, seen, quick).mean(axis=0)
            t, h, c = np.unravel_index(mean.argmax(), mean.shape)
            chosen = {
                **trainings(quick)[t],
                "hidden_layer_sizes": HIDDEN[h],
                "corruption_level": CORRUPTION[c],
            }
            name = "labels (optimistic)" if criterion == "kmeans" else criterion
            runs = workers(delayed(one_run)(X, y, seed, chosen) for seed in fresh)
            cell = {algorithm: [run[algorithm] for run in runs] for algorithm in runs[0]}
            results.add(f"{n_genes}/fresh/{name}", {**cell, "setting": chosen})


def one_run(X, y, seed: int, setting: dict) -> dict[str, float]:
    model = pipeline(len(np.unique(y)), seed, **setting)
    return agreement(clone(model[0]).fit_transform(X), y, seed)


def main() -> None:
    given = options(__doc__)
    results = Results("gene_clustering", results_folder(given.quick))
    seeds = range(N_QUICK_SEEDS if given.quick else N_SEEDS)
    without_network(results, N_QUICK_FRESH_SEEDS if given.quick else N_FRESH_SEEDS)
    with Parallel(given.jobs) as workers:
        search_grid(results, seeds, given.quick, workers)
        judge_choices(results, seeds, given.quick, workers)


if __name__ == "__main__":
    main()
