"""Table 2 and Figure 4 of Kunc & Kléma (2020): four architectures, nine numbers of towers.

    python benchmarks/paper/table2.py [--quick] [--jobs 2] [--data GDSC]

All networks of a data set have the parameters of a dense one with three layers, of 500 neurons on
GDSC and of 250 on the others. On GDSC all 36, both baselines of the table and three methods without
a network, in five folds; on E. coli (split by condition) and on synthetic profiles six numbers of
towers. An hour and a half on two cores, or with --quick two minutes. Results go to
results/table2.json, cell by cell; a second call goes on where one was cut off. Then the picture is
drawn.
"""

from __future__ import annotations

from _command import options
from _networks import (
    ARCHITECTURES,
    N_FOLDS,
    TOWERS,
    WIDTHS,
    Task,
    load,
    network,
    run_tasks,
    sizes_of,
    splits_by_group,
    widest,
)
from _pictures import draw_table2
from _results import Results, results_folder
from _table2 import BELOW_THE_LINE, mmae_tables, of_folds
from sklearn.model_selection import GridSearchCV

from sklearn_dgex.baselines import KNNGeneRegressor, LincsRegression
from sklearn_dgex.nn.sizing import count_parameters

FEWER_TOWERS = (1, 2, 3, 5, 8, 12)
DE_MODELS = ("CR-D-GEX/5", "D-GEX with TAAFs", "LR")  # whose genes Figures 7 to 10 call


def dense_networks(data: str, fold: int, quick: bool, n_targets: int | None) -> dict:
    """The two networks below the line of Table 2, at the budget of the others."""
    dense = {"n_towers": 1, "architecture": "tower", "skip_connection": False}
    width, sizes = network(data, fold, quick).width, sizes_of(load(data, n_targets))
    shallow = {"n_hidden_layers": 1, "taaf": False}
    budget = count_parameters(width, 1, **sizes)
    tanh = shallow | {
        "activation": "tanh",
        "tower_width": widest(budget, width, **shallow, **sizes),
    }
    return {
        "D-GEX (tanh)": network(data, fold, quick, **dense, **tanh),
        # T-D-GEX with one tower once more, from another seed: what chance alone does
        "D-GEX with TAAFs": network(data, fold, quick, **dense | {"random_state": fold + 100}),
    }


def without_network(data: str, fold: int) -> dict:
    """The linear regression of LINCS, the same with a penalty a gene, and KNN-GE, tuned."""
    _, _, groups, splits = load(data)
    folds = splits_by_group(groups[splits[fold][0]], 3)  # within the training samples
    neighbours = {"n_neighbors": [1, 2, 3, 5, 8, 12, 20, 35]}
    return {
        "LR": LincsRegression(),
        "LR-L2": LincsRegression("gcv"),
        "KNN-GE": GridSearchCV(
            KNNGeneRegressor(), neighbours, scoring="neg_mean_absolute_error", cv=folds
        ),
    }


def tasks_of(data: str, quick: bool) -> list[Task]:
    towers = TOWERS if data == "GDSC" else FEWER_TOWERS
    n_folds, n_targets = N_FOLDS[data], None
    if quick:
        towers, n_folds, n_targets = (1, 2, 5, 12), 2, 300
    tasks = []
    for fold in range(n_folds):
        models = {
            f"{name}/{k}": network(data, fold, quick, n_towers=k, **parameters)
            for k in towers
            for name, parameters in ARCHITECTURES.items()
        }
        models |= dense_networks(data, fold, quick, n_targets) | without_network(data, fold)
        for name, model in models.items():
            keep = name in DE_MODELS and data == "GDSC"
            tasks.append(Task(data, fold, name, model, n_targets, keep))
    return tasks


def main() -> None:
    given = options(__doc__, data=list(WIDTHS))
    results = Results("table2", results_folder(given.quick))
    for data in given.data:
        run_tasks(results, tasks_of(data, given.quick), given.jobs, f"Table 2, {data}")
        print(f"\n{data}, MMAE:\n{mmae_tables(results.cells, data)[0].round(4)}")
        for name in BELOW_THE_LINE:
            print(f"{name:<18}{of_folds(results.cells, data, name).mean():.4f}")
    print(draw_table2(results.cells, given.quick))


if __name__ == "__main__":
    main()
