"""Beyond the paper: its own list of future work, measured on the bench of Table 2.

    python benchmarks/paper/table2.py && python benchmarks/paper/beyond.py [--quick] [--jobs 2]

On GDSC, in the folds and with the budget of Table 2, CR-D-GEX:

folds    layers cut into 2, 3 or 4 folds, joined with the neighbours or ever farther away
output   how many towers are best for 120 to 3,377 targets
members  averaging networks that differ by their seed, against one network of as many parameters;
         no sample is held out: averaged networks would each hold out others, and miss none together

Results go to results/beyond.json, cell by cell. About 40 minutes on two cores.
"""

from __future__ import annotations

from _command import options
from _networks import (
    ARCHITECTURES,
    N_FOLDS,
    Task,
    load,
    network,
    run_tasks,
    sizes_of,
    widest,
)
from _pictures import draw_beyond
from _results import Results, results_folder
from _table2 import of_folds

from sklearn_dgex.nn.sizing import count_parameters

DATA = "GDSC"
CR = ARCHITECTURES["CR-D-GEX"]
MEMBER_WIDTH = 250


def fold_models(fold: int, quick: bool) -> dict:
    """Checkerboards of more folds; two folds joined with the neighbour stand in Table 2."""
    patterns = [(f, r) for f in (2, 3, 4) for r in ("neighbour", "spread")][1:]
    return {
        f"folds/{k}/{n_folds}/{reconnection}": network(
            DATA, fold, quick, n_towers=k, n_folds=n_folds, reconnection=reconnection, **CR
        )
        for k in ((5,) if quick else (5, 10))
        for n_folds, reconnection in patterns
    }


def output_models(fold: int, quick: bool, n_targets: int) -> dict:
    """Towers against the width of the output."""
    return {
        f"output/{n_targets}/{k}": network(DATA, fold, quick, n_towers=k, **CR)
        for k in ((1, 2, 5) if quick else (1, 2, 3, 5, 8, 12))
    }


def member_models(fold: int, quick: bool, n_targets: int | None) -> dict:
    """Networks averaged, and one network of the same number of parameters."""
    width, sizes = 40 if quick else MEMBER_WIDTH, sizes_of(load(DATA, n_targets))
    alike = {"n_towers": 5, "validation_fraction": 0.0, **CR}
    models = {}
    for m in (1, 2) if quick else (1, 2, 4):
        models[f"members/{m}"] = network(DATA, fold, quick, width=width, n_members=m, **alike)
        if m > 1:
            wide = widest(m * count_parameters(width, 1, **sizes), width, **sizes)
            models[f"larger/{m}"] = network(DATA, fold, quick, width=wide, **alike)
    return models


def tasks(quick: bool) -> list[Task]:
    n_folds, n_targets, outputs = N_FOLDS[DATA], None, (120, 250, 500)
    if quick:
        n_folds, n_targets, outputs = 2, 300, (50,)
    listed = []
    for fold in range(n_folds):
        models = fold_models(fold, quick) | member_models(fold, quick, n_targets)
        listed += [Task(DATA, fold, name, model, n_targets) for name, model in models.items()]
    for n in outputs:
        for fold in range(n_folds):
            models = output_models(fold, quick, n)
            listed += [Task(DATA, fold, name, model, n) for name, model in models.items()]
    return listed


def main() -> None:
    given = options(__doc__)
    folder = results_folder(given.quick)
    results = Results("beyond", folder)
    run_tasks(results, tasks(given.quick), given.jobs, "beyond the paper")
    for name in sorted({key.split("/", 2)[2] for key in results.cells}):
        print(f"{name:<22} MMAE {of_folds(results.cells, DATA, name).mean():.4f}")
    print(draw_beyond(results.cells, Results("table2", folder).cells, given.quick))


if __name__ == "__main__":
    main()
