"""What the command says and writes: a table of four views, the clusters, and their picture."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from sklearn_dgex._cluster.comparison import (
    FRACTION,
    VIEWS,
    Score,
    Settings,
    compare,
    n_components,
    typical,
)
from sklearn_dgex._cluster.matrix import Matrix, example_matrix, read_matrix
from sklearn_dgex._sda.defaults import resolve_max_iter
from sklearn_dgex.plotting import ClusterMapDisplay
from sklearn_dgex.plotting._display_cluster_map import similarity_order
from sklearn_dgex.utils.files import check_target, write_aside

ALGORITHMS = {"kmeans": "KMeans", "spectral": "SpectralClustering"}
LEAST_GENES = 4


def run(
    path: str | None,
    *,
    labels: str | None = None,
    n_clusters: int | None = None,
    algorithm: str = "kmeans",
    hidden: tuple[int, ...] | None = None,
    corruption: float = 0.1,
    n_seeds: int = 5,
    transpose: bool = False,
    use: str = "regenerated",
    output: str = "sklearn_dgex_clusters.csv",
    picture: str = "sklearn_dgex_clusters.png",
) -> None:
    """Cluster the genes of a table in four views, print how each fares, and write one's clusters.

    Parameters
    ----------
    path, labels, transpose
        As in :func:`~sklearn_dgex._cluster.matrix.read_matrix`; a path of None is the embedded
        set of Spellman et al. (1998).
    n_clusters : int or None
        None is the number of known classes.
    algorithm : {"kmeans", "spectral"}
        Clusterer of all views.
    hidden : tuple of int or None
        Units of each hidden layer; None is 10, or fewer than conditions.
    corruption : float
        Share of values that training sets to zero.
    n_seeds : int
        Runs to average over.
    use : {"raw", "pca", "codes", "regenerated"}
        The view whose clusters are written.
    output, picture : str
        Files for clusters and picture.

    Raises
    ------
    OSError, ValueError
        If a file is missing, may not be written, or is not what it must be, before any training.
    """
    _check_files(path, labels, output, picture)
    matrix = read_matrix(path, labels=labels, transpose=transpose) if path else example_matrix()
    X = matrix.profiles.to_numpy()
    settings = Settings(
        n_clusters=_n_clusters(n_clusters, matrix),
        algorithm=algorithm,
        hidden=hidden or (max(1, min(10, X.shape[1] - 1)),),
        corruption=corruption,
        n_seeds=n_seeds,
    )
    print(_what_is_done(matrix, settings), flush=True)
    scores = compare(X, matrix.known, settings)
    print(f"\n{_table(scores, settings, n_components(X, settings))}\n")
    print(_what_it_means(settings, labelled=matrix.known is not None))
    seed = typical(scores[use])
    clusters = _numbered(X, scores[use][seed].labels)
    _write(matrix, clusters, output)
    chosen = f"{use}, seed {seed}" + (", most like the others" if n_seeds > 1 else "")
    print(f"\nClusters ({chosen}): {Path(output).resolve()}")
    _draw(matrix, clusters, picture)


def _n_clusters(n_clusters: int | None, matrix: Matrix) -> int:
    if n_clusters is None and matrix.known is None:
        raise ValueError(
            "The number of clusters must be given where no classes are known. Got neither; pass "
            "--clusters, try several, and compare silhouette and stability."
        )
    n_genes = len(matrix.profiles)
    if n_genes < LEAST_GENES:
        raise ValueError(
            f"The table must have at least {LEAST_GENES} genes to cluster. Got {n_genes}; if genes "
            "are its columns, pass --transpose."
        )
    found = len(matrix.class_order) if n_clusters is None else n_clusters
    most = round(FRACTION * n_genes) - 1
    if not 2 <= found <= most:
        raise ValueError(
            f"The number of clusters must be from 2 to {most} for {n_genes} genes, so that "
            f"{FRACTION:.0%} of them can be clustered as well. Got {found}"
            f"{' known classes' if n_clusters is None else ''}; pass another by --clusters."
        )
    return found


def _what_is_done(matrix: Matrix, settings: Settings) -> str:
    X = matrix.profiles.to_numpy()
    lines = [f"{matrix.name}: {len(X):,} genes × {X.shape[1]:,} conditions."]
    if matrix.known is not None:
        sizes = [f"{name} ({np.sum(matrix.known == name):,})" for name in matrix.class_order]
        shown = ", ".join(sizes[:8]) + (", …" if len(sizes) > 8 else "")
        lines.append(f"{len(sizes)} known classes ({matrix.class_label}): {shown}.")
    k, sizes = n_components(X, settings), [X.shape[1], *settings.hidden]
    layers = "-".join(map(str, [*sizes, *sizes[-2::-1]]))
    kept = PCA(k, svd_solver="full").fit(X).explained_variance_ratio_.sum()
    return "\n".join(
        [
            *lines,
            *matrix.notes,
            f"Clusterer: {ALGORITHMS[settings.algorithm]}, {settings.n_clusters} clusters, "
            f"{settings.n_seeds} seeds.",
            f"Autoencoder: {layers}, corruption {settings.corruption:g}, "
            f"{resolve_max_iter('auto', len(X)):,} epochs a layer.",
            f"PCA: {k} components, as many as codes; they keep {kept:.0%} of the variance.",
        ]
    )


def _table(scores: dict[str, list[Score]], settings: Settings, n_kept: int) -> str:
    """Lay out one line a view: means over seeds, and the spread where classes are known."""
    names = {"pca": f"PCA, {n_kept}", "codes": f"codes, {settings.hidden[-1]}"}
    width = max(map(len, [*VIEWS, *names.values()]))
    rows = []
    for view, runs in scores.items():
        silhouette, stability, index = np.array([run[1:] for run in runs]).T
        row = {
            "view": names.get(view, view).ljust(width),
            "silhouette": f"{silhouette.mean():.3f}",
            "stability": f"{stability.mean():.2f}",
        }
        if not np.isnan(index).all():
            spread = f" ± {index.std(ddof=1):.3f}" if len(runs) > 1 else ""
            row["adjusted Rand index"] = f"{index.mean():.3f}{spread}"
        rows.append(row)
    return pd.DataFrame(rows).to_string(index=False)


def _what_it_means(settings: Settings, *, labelled: bool) -> str:
    lines = [
        "silhouette: how well clusters part, by distances in the table itself; at most 1.",
        f"stability: agreement with the clusters of {FRACTION:.0%} of the genes, drawn at random, "
        "all trained anew; 1 is the same clusters, 0 is chance.",
    ]
    if labelled:
        spread = f", ± its standard deviation over {settings.n_seeds} seeds"
        lines += [
            "adjusted Rand index: agreement with the known classes; 1 is the same partition, 0 is "
            f"chance{spread if settings.n_seeds > 1 else ''}.",
            "Choose a view by the first two: the index of one chosen by the index is optimistic, "
            "for the same labels pick it and rate it.",
        ]
    return "\n".join(textwrap.fill(line, 88, subsequent_indent="  ") for line in lines)


def _numbered(X: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Give clusters the numbers from 1 on, in the picture's order: similar ones are neighbours."""
    names = np.unique(labels)
    means = np.array([X[labels == name].mean(axis=0) for name in names])
    number = np.empty(len(names), dtype=int)
    number[similarity_order(means)] = np.arange(1, len(names) + 1)
    return number[np.searchsorted(names, labels)]


def _write(matrix: Matrix, clusters: np.ndarray, output: str) -> None:
    table = pd.DataFrame({"gene": matrix.profiles.index, "cluster": clusters})
    if matrix.known is not None:
        label = matrix.class_label
        table[f"known {label}" if label in table.columns else label] = matrix.known
    with write_aside(output, suffix=Path(output).suffix) as aside:
        table.to_csv(aside, index=False)


def _draw(matrix: Matrix, clusters: np.ndarray, picture: str) -> None:
    try:
        import matplotlib
    except ImportError:
        print("No picture without matplotlib: pip install 'sklearn_dgex[plot]' draws it.")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    display = ClusterMapDisplay.from_labels(
        matrix.profiles,
        clusters,
        classes=matrix.known,
        cluster_order=np.unique(clusters),
        class_order=matrix.class_order,
        label=matrix.unit,
        class_label=matrix.class_label,
    )
    with write_aside(picture, suffix=Path(picture).suffix) as aside:
        display.figure_.savefig(aside, dpi=200)
    pyplot.close(display.figure_)
    print(f"Picture: {Path(picture).resolve()}")


def _check_files(path: str | None, labels: str | None, output: str, picture: str) -> None:
    """Raise an error if a result may not be written, or would replace what is read."""
    results = [check_target(output), check_target(picture)]
    read = {Path(one).resolve() for one in (path, labels) if one is not None}
    if len({*results, *read}) < len(results) + len(read):
        raise ValueError(
            "Clusters, picture, table and labels must be different files. Got "
            f"{output!r} and {picture!r} to write; name others with --output and --picture."
        )
