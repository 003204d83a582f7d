"""Write the measured figures into README.md and docs, from the JSON that the benchmarks wrote.

    python benchmarks/report.py

Each table stands between two comments, `<!-- name -->` and `<!-- /name -->`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "benchmarks" / "paper")]  # however loaded
import _clustering_tables as clustering  # noqa: E402
import _fault_tables as faults  # noqa: E402
import _file_tables as files  # noqa: E402
import _paper_tables as paper  # noqa: E402
import _ranks_tables as ranks  # noqa: E402
import _scale_tables as scale  # noqa: E402
import _speed_tables as speed  # noqa: E402
from _cells import cells  # noqa: E402

RIVALS = [
    "DGEXRegressor",
    "kernel ridge",
    "ridge",
    "k nearest neighbours",
    "MLPRegressor",
    "mean",
    "linear regression",
]
HEADLINE = {  # and as README.md writes them
    "DGEXRegressor": "**DGEXRegressor**, its defaults",
    "CR-D-GEX as published": "CR-D-GEX, 5 towers, trained as the paper does",
    "D-GEX (tanh)": "dense D-GEX (tanh), trained as ours",
    "kernel ridge": "kernel ridge",
    "ridge": "ridge",
    "k nearest neighbours": "k nearest neighbours",
    "MLPRegressor": "scikit-learn's MLPRegressor",
}
PUBLISHED = {
    "CR-D-GEX as published": float(paper.published("table2")[4]["CR-D-GEX"]),
    "D-GEX (tanh)": paper.PUBLISHED_DENSE["D-GEX (tanh)"],
}
LADDER = [
    "D-GEX (tanh)",
    "D-GEX-TAAF",
    "T-D-GEX",
    "C-D-GEX",
    "TR-D-GEX",
    "CR-D-GEX",
    "CR-D-GEX as published",
]


def headline() -> str:
    """Ours beside the papers' networks and the baselines, on the same splits, and as published."""
    measured = cells("accuracy_gdsc")
    splits = complete_seeds(measured, RIVALS)
    first = complete_seeds(measured, HEADLINE)[:1]
    sizes = {
        name: f"{measured[f'{first[0]}/{name}']['n_parameters'] / 1e6:.1f} million"
        for name in HEADLINE
        if "n_parameters" in measured[f"{first[0]}/{name}"]
    }
    lines = [
        "GDSC, 975 cancer cell lines, 467 landmarks → 5,311 other genes; each split has 195 lines "
        "for test, and the baselines are tuned by cross-validation. The MMAE is in standard "
        "deviations of a line's expression; lower is better. The last column is the paper's own, "
        "on other data (GEO, 942 landmarks → 9,518 genes), in its own units, and by networks of "
        f"257 million parameters. Here, a network of the papers has {sizes['D-GEX (tanh)']}, and "
        f"each of the eight that `DGEXRegressor` averages {sizes['DGEXRegressor']}.",
        "",
        f"| method | MMAE, {len(splits)} splits | MMAE, one split | published |",
        "|---|---|---|---|",
    ]
    for name, label in HEADLINE.items():
        mean = f"{errors(measured, name, splits).mean():.4f}" if name in RIVALS else ""
        theirs = f"{PUBLISHED[name]:.4f}" if name in PUBLISHED else ""
        one = errors(measured, name, first).mean()
        lines.append(f"| {label} | {mean} | {one:.4f} | {theirs} |")
    return "\n".join(lines)


def accuracy_gdsc() -> str:
    """Mean error over the splits a method, and how it compares with the best baseline."""
    measured = cells("accuracy_gdsc")
    seeds = complete_seeds(measured, RIVALS)
    reference = errors(measured, "kernel ridge", seeds)
    lines = [
        "GDSC, 975 cancer cell lines, 467 landmarks → 5,311 other genes, "
        f"{len(seeds)} random splits (682 lines for training, 195 for test), baselines tuned by "
        "cross-validation in the training part. The MMAE is in standard deviations of a line's "
        "expression; lower is better.",
        "",
        "| method | MMAE | against kernel ridge | better on | genes with r > 0.5 |",
        "|---|---|---|---|---|",
    ]
    for name in RIVALS:
        error = errors(measured, name, seeds)
        share = np.mean([measured[f"{seed}/{name}"]["genes_above_half"] for seed in seeds])
        against, better = "", ""
        if name != "kernel ridge":
            against = f"{error.mean() / reference.mean() - 1:+.1%}"
            better = f"{(error < reference).sum()} of {len(seeds)} splits"
        bold = "**" if name == "DGEXRegressor" else ""
        lines.append(
            f"| {bold}{name}{bold} | {error.mean():.4f} | {against} | {better} | {share:.0%} |"
        )
    return "\n".join(lines)


def ladder_gdsc() -> str:
    """Error of the papers' networks at one parameter budget."""
    measured = cells("accuracy_gdsc")
    seeds = complete_seeds(measured, LADDER)
    lines = [
        f"GDSC as above, split {' and '.join(seeds)}; one network each, no linear path, trained as "
        "the default is but for the last row.",
        "",
        "| network | MMAE | parameters |",
        "|---|---|---|",
    ]
    for name in LADDER:
        n_parameters = measured[f"{seeds[0]}/{name}"]["n_parameters"]
        error = errors(measured, name, seeds).mean()
        lines.append(f"| {name} | {error:.4f} | {n_parameters:,} |")
    return "\n".join(lines)


def complete_seeds(measured: dict, names: list[str]) -> list[str]:
    seeds = sorted({key.split("/", 1)[0] for key in measured})
    return [seed for seed in seeds if all(f"{seed}/{name}" in measured for name in names)]


def errors(measured: dict, name: str, seeds: list[str]) -> np.ndarray:
    return np.array([measured[f"{seed}/{name}"]["mmae"] for seed in seeds])


def default_choices() -> str:
    """Error after one change of the defaults, on each data set."""
    measured = cells("default_choices")
    sets = list(dict.fromkeys(key.split("/", 1)[0] for key in measured))
    changes = list(dict.fromkeys(key.split("/", 1)[1] for key in measured))
    lines = [
        "| change | " + " | ".join(f"{name}, MMAE" for name in sets) + " |",
        "|---|" + "---|" * len(sets),
    ]
    for change in sorted(changes, key=lambda name: ("=" in name, name)):
        row = []
        for name in sets:
            cell, default = measured.get(f"{name}/{change}"), measured[f"{name}/default"]["mmae"]
            shift = "" if change == "default" else " ({:+.1%})"
            row.append(
                ""
                if cell is None
                else f"{cell['mmae']:.4f}" + shift.format(cell["mmae"] / default - 1)
            )
        label = f"`{change}`" if "=" in change else change
        lines.append(f"| {label} | " + " | ".join(row) + " |")
    return "\n".join(lines)


TABLES = [
    ("docs/faults.md", faults.faults_table),
    ("docs/faults.md", faults.kills_table),
    ("docs/security.md", faults.fuzz_table),
    ("docs/out_of_core.md", scale.out_of_core_rates),
    ("docs/out_of_core.md", scale.out_of_core_peak),
    ("docs/scale.md", scale.exponents_table),
    ("docs/scale.md", scale.study_table),
    ("docs/scale.md", scale.searches_table),
    ("docs/scale.md", scale.projection_table),
    ("docs/several_processes.md", ranks.ranks_equality),
    ("docs/several_processes.md", ranks.ranks_cost),
    ("README.md", headline),
    ("docs/defaults.md", accuracy_gdsc),
    ("docs/index.md", paper.parts),
    ("docs/defaults.md", ladder_gdsc),
    ("docs/defaults.md", default_choices),
    ("docs/engines.md", clustering.engine_steps),
    ("docs/engines.md", clustering.engine_start),
    ("docs/engines.md", clustering.engine_sizes),
    ("docs/engines.md", clustering.engine_crossover),
    ("docs/gene_clustering.md", clustering.grid_search),
    ("docs/gene_clustering.md", clustering.corruption),
    ("docs/gene_clustering.md", clustering.choices),
    *(
        ("docs/performance.md", table)
        for table in (
            speed.machine_line,
            speed.floor_table,
            speed.training_table,
            speed.precision_table,
            speed.memory_table,
            speed.prediction_table,
            speed.import_table,
        )
    ),
    ("docs/files.md", files.hostile_files),
    ("docs/files.md", files.landmark_choice),
    ("docs/files.md", files.infer_stream),
    ("docs/files.md", files.model_opening),
    *(
        ("docs/paper_results.md", table)
        for table in (
            paper.table1,
            paper.table2_gdsc,
            paper.table2_published,
            paper.table2_ecoli,
            paper.table2_synthetic,
            paper.pattern,
            paper.de_agreement,
            paper.de_gain,
            paper.beyond_folds,
            paper.beyond_output,
            paper.beyond_members,
            paper.evidence_limma,
            paper.evidence_speed,
            paper.evidence_coverage,
        )
    ),
]


def rendered(text: str, table) -> str:
    """Return a page with the table between its two comments made anew."""
    name = table.__name__
    block = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if len(block.findall(text)) != 1:
        raise ValueError(f"The page must have one pair of comments for {name!r}.")
    return block.sub(lambda match: f"{match[1]}{table()}\n{match[2]}", text)


def main() -> None:
    for page, table in TABLES:
        path = ROOT / page
        path.write_text(rendered(path.read_text(encoding="utf-8"), table), encoding="utf-8")


if __name__ == "__main__":
    main()
