"""Table 2 and Figure 4 of Kunc & Kléma (2020): four architectures, nine numbers of towers.

    python benchmarks/paper/table2.py [--quick] [--jobs 2] [--data GDSC]

All networks of a data set have the parameters of a dense one with three layers, of 500 neurons on
GDSC and of 250 on the others. On GDSC all 36 and both baselines, in five folds; on E. coli (split
by condition) and on synthetic profiles six numbers of towers. About two hours on two cores, or with
--quick two minutes. Results go to results/table2.json, cell by cell; a second call goes on where
one was cut off.
"""

from __future__ import annotations

import argparse

from _networks import ARCHITECTURES, N_FOLDS, TOWERS, WIDTHS, Task, load, network, run_tasks
from _results import Results, results_folder

from sklearn_dgex.nn.sizing import count_parameters

FEWER_TOWERS = (1, 2, 3, 5, 8, 12)
DE_MODELS = ("CR-D-GEX/5", "D-GEX with TAAFs")  # those of Figures 7 to 10


def budget(data: str, width: int, n_targets: int | None) -> tuple[int, dict]:
    """Parameters that every network of a data set may have, and the sizes they are counted from."""
    X, y, _ = load(data, n_targets)
    sizes = {"n_features_in": X.shape[1], "n_targets": y.shape[1]}
    return count_parameters(width, 1, **sizes), sizes


def shallow_width(data: str, width: int, n_targets: int | None) -> int:
    """Largest width of one tanh layer within the budget."""
    allowed, sizes = budget(data, width, n_targets)
    shallow = width
    while count_parameters(shallow + 1, 1, n_hidden_layers=1, taaf=False, **sizes) <= allowed:
        shallow += 1
    return shallow


def baselines(data: str, fold: int, width: int, n_targets: int | None) -> dict[str, dict]:
    """The two networks below the line of Table 2, at the budget of the others."""
    dense = {"n_towers": 1, "architecture": "tower", "skip_connection": False}
    return {
        "D-GEX (tanh)": dense
        | {
            "n_hidden_layers": 1,
            "tower_width": shallow_width(data, width, n_targets),
            "activation": "tanh",
            "taaf": False,
        },
        # T-D-GEX with one tower once more, from another seed: what chance alone does
        "D-GEX with TAAFs": dense | {"random_state": fold + 100},
    }


def tasks_of(data: str, quick: bool) -> list[Task]:
    towers = TOWERS if data == "GDSC" else FEWER_TOWERS
    n_folds, n_targets = N_FOLDS, None
    if quick:
        towers, n_folds, n_targets = (1, 2, 5, 12), 2, 300
    width = network(data, 0, quick).width
    networks = {
        f"{name}/{k}": parameters | {"n_towers": k}
        for k in towers
        for name, parameters in ARCHITECTURES.items()
    }
    return [
        Task(
            data,
            fold,
            name,
            network(data, fold, quick, **parameters),
            n_targets=n_targets,
            keep=name in DE_MODELS and data == "GDSC",
        )
        for fold in range(n_folds)
        for name, parameters in (networks | baselines(data, fold, width, n_targets)).items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="300 targets, width 60, two folds")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes")
    parser.add_argument("--data", nargs="+", choices=WIDTHS, default=list(WIDTHS))
    options = parser.parse_args()
    results = Results("table2", results_folder(options.quick))
    for data in options.data:
        run_tasks(results, tasks_of(data, options.quick), options.jobs, f"Table 2, {data}")


if __name__ == "__main__":
    main()
