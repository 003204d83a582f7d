"""Tables of docs/engines.md and docs/gene_clustering.md."""

from __future__ import annotations

import numpy as np
from _cells import cells
from scipy.stats import ttest_rel, wilcoxon

from sklearn_dgex.metrics import holm

HIDDEN = range(4, 18)
CORRUPTION = ("0", "0.05", "0.1", "0.15", "0.2")
ALGORITHMS = {"kmeans": "KMeans", "spectral": "spectral"}
SETTING = (
    "hidden_layer_sizes",
    "corruption_level",
    "batch_size",
    "max_iter",
    "learning_rate_init",
)
CHOICES = ("silhouette", "stability", "reconstruction", "labels (optimistic)")


def engine_steps() -> str:
    """Cost of a step of the paper's network, by method."""
    measured = {
        key.removeprefix("step/"): cell
        for key, cell in cells("sda", "speed").items()
        if key.startswith("step/")
    }
    lines = ["| method | µs a step | times the kernel |", "|---|---|---|"]
    for name, cell in sorted(measured.items(), key=lambda item: item[1]["microseconds"]):
        lines.append(f"| {name} | {cell['microseconds']:.3g} | {cell['times_kernel']:.0f} |")
    return "\n".join(lines)


def engine_start() -> str:
    """Seconds before the first step."""
    measured = cells("sda", "speed")
    lines = ["| | import | first fit |", "|---|---|---|"]
    for name, when in (("compiling", "first time on a machine"), ("loading", "ever after")):
        cell = measured[f"start/{name}"]
        lines.append(f"| {when} | {cell['import_s']:.1f} s | {cell['first_fit_s']:.1f} s |")
    return "\n".join(lines)


def engine_sizes() -> str:
    """Cost of a step of the kernel, by the size of the matrix."""
    rows = [
        (key.removeprefix("size/").replace("x", " × "), cell)
        for key, cell in cells("sda", "speed").items()
        if key.startswith("size/")
    ]
    lines = ["| visible × hidden | µs a step | ns a weight |", "|---|---|---|"]
    for name, cell in sorted(rows, key=lambda row: row[1]["n_weights"]):
        each = 1e3 * cell["microseconds"] / cell["n_weights"]
        cost = cell["microseconds"]
        lines.append(f"| {name} | {cost:{',.0f' if cost > 100 else '.3g'}} | {each:.2f} |")
    return "\n".join(lines)


def engine_crossover() -> str:
    """Torch's cost over the kernel's, by weights times samples of a batch."""
    rows = [
        (cell["products"], key.split("/")[1:], cell["ratio"])
        for key, cell in cells("sda", "speed").items()
        if key.startswith("crossover/")
    ]
    lines = ["| visible × hidden, batch | millions of products | torch / kernel |", "|---|---|---|"]
    for products, (size, batch), ratio in sorted(rows):
        lines.append(
            f"| {size.replace('x', ' × ')}, {batch} | {products / 1e6:.2f} | {ratio:.2f} |"
        )
    return "\n".join(lines)


def grid_search() -> str:
    """Minutes of the whole grid, and what the two ways of choosing found."""
    lines = []
    for n_genes, cell in sorted(cells("gene_clustering_search").items(), reverse=True):
        lines += [
            f"{n_genes} genes, {cell['settings']} settings, {cell['n_jobs']} processes: "
            f"**{cell['minutes']:.1f} minutes**, one seed.",
            "",
            "| chosen by | hidden | corruption | batch | epochs | rate | ARI | silhouette |",
            "|---|---|---|---|---|---|---|---|",
        ]
        rows = cell["report"].items()  # which JSON has sorted by name
        for criterion, row in sorted(
            rows, key=lambda item: (item[0][:4] == "mean", "(" in item[0])
        ):
            shown = [
                row["hidden_layer_sizes"],
                *(row[name] for name in ("corruption_level", "batch_size", "max_iter")),
                row["learning_rate_init"],
                *(f"{float(row[name]):.3f}" for name in ("adjusted_rand", "silhouette")),
            ]
            lines.append(f"| {criterion} | " + " | ".join(shown) + " |")
        lines.append("")
    return "\n".join(lines[:-1])


def grid(measured: dict, n_genes: str, criterion: str) -> np.ndarray:
    """Values of shape (n_seeds, n_trainings, n_hidden, n_corruption), of complete seeds alone."""
    by_seed: dict[str, list] = {}
    for key in sorted(measured):
        first, seed, *training = key.split("/")
        if first == n_genes and len(training) == 3:
            by_seed.setdefault(seed, []).append(measured[key][criterion])
    n_trainings = max(map(len, by_seed.values()))
    return np.array([rows for rows in by_seed.values() if len(rows) == n_trainings])


def corruption() -> str:
    """ARI by corruption level: of all settings, and of the labels' best."""
    measured = cells("gene_clustering")
    lines = []
    for n_genes in ("384", "237"):
        n_seeds = len(grid(measured, n_genes, "kmeans"))
        lines += [
            f"{n_genes} genes, {n_seeds} seeds, 168 settings a level:",
            "",
            "| corruption | "
            + " | ".join(
                f"{label}: mean of all | sd over seeds | best setting (optimistic)"
                for label in ALGORITHMS.values()
            )
            + " |",
            "|---|" + "---|" * (3 * len(ALGORITHMS)),
        ]
        for level, name in enumerate(CORRUPTION):
            row = []
            for algorithm in ALGORITHMS:
                values = grid(measured, n_genes, algorithm)[..., level]
                over_seeds = values.mean(axis=(1, 2))
                best = values.mean(axis=0).max()
                row += [f"{over_seeds.mean():.3f}", f"{over_seeds.std(ddof=1):.3f}", f"{best:.3f}"]
            lines.append(f"| {name} | " + " | ".join(row) + " |")
        raw = measured[f"{n_genes}/raw"]
        row = []
        for algorithm in ALGORITHMS:
            row += [f"{np.mean(raw[algorithm]):.3f}", f"{np.std(raw[algorithm], ddof=1):.3f}", ""]
        lines += ["| raw profiles | " + " | ".join(row) + " |", ""]
    return "\n".join(lines[:-1])


def choices() -> str:
    """What each criterion chose, run anew with fresh seeds and compared with raw in pairs."""
    measured = cells("gene_clustering")
    compared = [
        (n_genes, choice, algorithm)
        for n_genes in ("384", "237")
        for choice in CHOICES
        for algorithm in ALGORITHMS
    ]
    gains, p_values = {}, []
    for n_genes, choice, algorithm in compared:
        ours = np.array(measured[f"{n_genes}/fresh/{choice}"][algorithm])
        gain = ours - measured[f"{n_genes}/fresh/raw"][algorithm]
        gains[n_genes, choice, algorithm] = gain.mean()
        p_values.append([ttest_rel(gain, np.zeros_like(gain)).pvalue, wilcoxon(gain).pvalue])
    corrected = dict(
        zip(compared, np.transpose([holm(p) for p in np.transpose(p_values)]), strict=True)
    )
    lines = [
        "| genes | chosen by | hidden, corruption, batch, epochs, rate | KMeans | against raw | "
        "spectral | against raw |",
        "|---|---|---|---|---|---|---|",
    ]
    for n_genes in ("384", "237"):
        raw = [spread(measured[f"{n_genes}/fresh/raw"][name]) for name in ALGORITHMS]
        lines.append(f"| {n_genes} | raw profiles | | {raw[0]} | | {raw[1]} | |")
        for choice in CHOICES:
            cell = measured[f"{n_genes}/fresh/{choice}"]
            row = [", ".join(str(cell["setting"][name]) for name in SETTING)]
            for algorithm in ALGORITHMS:
                key = n_genes, choice, algorithm
                both = ", ".join(p_value(p) for p in corrected[key])
                row += [spread(cell[algorithm]), f"{gains[key]:+.3f} ({both})"]
            lines.append(f"| {n_genes} | {choice} | " + " | ".join(row) + " |")
    return "\n".join(lines)


def spread(values) -> str:
    values = np.array(values)
    return f"{values.mean():.3f} ± {values.std(ddof=1):.3f}"


def p_value(p: float) -> str:
    return f"{p:.1g}" if p >= 1e-6 else "< 1e-6"
