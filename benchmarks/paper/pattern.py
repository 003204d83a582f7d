"""Does Table 2's pattern hold? Skip beats none, several towers beat one, CR-D-GEX is best.

    python benchmarks/paper/table2.py && python benchmarks/paper/pattern.py [--quick]

Every claim is a paired comparison over all samples, each in the fold where it is a test sample, and
once more over folds, which differ by the seed of the network as well. Replicates count as one
sample; p-values are corrected by Holm's method over the claims on a data set. Results go to
results/pattern.json.
"""

from __future__ import annotations

import numpy as np
from _command import options
from _networks import WIDTHS
from _results import Results, results_folder
from _table2 import (
    ARCHITECTURE_NAMES,
    BELOW_THE_LINE,
    of_folds,
    p_value_over_folds,
    sample_errors,
    towers_measured,
)

from sklearn_dgex.metrics import bootstrap_interval, compare_models, holm

PAPERS_BEST = "CR-D-GEX/5"


def claims(towers: list[int]) -> dict[str, tuple[list[str], list[str]]]:
    """Networks that should be better, and those that they should beat; errors are averaged."""
    several = [k for k in towers if k > 1]
    stated = {
        "skip beats no skip": (
            [f"{name}/{k}" for name in ("TR-D-GEX", "CR-D-GEX") for k in towers],
            [f"{name}/{k}" for name in ("T-D-GEX", "C-D-GEX") for k in towers],
        ),
        "several towers beat one": (
            [f"{name}/{k}" for name in ARCHITECTURE_NAMES for k in several],
            [f"{name}/1" for name in ARCHITECTURE_NAMES],
        ),
    }
    for name in ARCHITECTURE_NAMES:
        stated[f"several towers beat one, {name}"] = (
            [f"{name}/{k}" for k in several],
            [f"{name}/1"],
        )
        stated[f"five towers beat one, {name}"] = ([f"{name}/5"], [f"{name}/1"])
        stated[f"towers chosen on the other folds beat one, {name}"] = (
            [f"{name}/chosen"],
            [f"{name}/1"],
        )
    for other in ARCHITECTURE_NAMES[:3]:
        stated[f"CR-D-GEX is better than {other}, several towers"] = (
            [f"CR-D-GEX/{k}" for k in several],
            [f"{other}/{k}" for k in several],
        )
    for baseline in BELOW_THE_LINE:
        stated[f"CR-D-GEX with five towers beats {baseline}"] = ([PAPERS_BEST], [baseline])
    # The same network twice, from two seeds: what the tests make of chance
    stated["T-D-GEX with one tower against another seed of it"] = (
        ["T-D-GEX/1"],
        ["D-GEX with TAAFs"],
    )
    return stated


def add_choices(cells: dict, data: str, towers: list[int]) -> dict:
    """Add networks whose number of towers has the lowest error on all folds but the one at hand.

    These folds' networks have learned from this one's samples, so the choice is all but blind.
    """
    chosen = dict(cells)
    for name in ARCHITECTURE_NAMES:
        mmae = np.array([of_folds(cells, data, f"{name}/{k}") for k in towers])  # (towers, folds)
        others = mmae.sum(axis=1, keepdims=True) - mmae
        for fold, best in enumerate(others.argmin(axis=0)):
            chosen[f"{data}/{fold}/{name}/chosen"] = cells[f"{data}/{fold}/{name}/{towers[best]}"]
    return chosen


def judge(cells: dict, data: str, better: list[str], worse: list[str]) -> dict:
    """Compare the mean errors of two sets of networks, by sample and by fold."""
    errors, folds = (
        {
            side: np.mean([of_network(cells, data, name) for name in names], axis=0)
            for side, names in (("better", better), ("worse", worse))
        }
        for of_network in (sample_errors, of_folds)
    )
    test = compare_models(errors).iloc[0]
    interval = bootstrap_interval(errors["better"] - errors["worse"], random_state=0)
    scale = errors["worse"].mean()
    return {
        "difference": float(test["mean_difference"]),
        "interval": [interval.low, interval.high],
        "relative_difference": float(test["relative_difference"]),
        "relative_interval": [interval.low / scale, interval.high / scale],
        "better_on": float(test["better_on"]),
        "wilcoxon_p_value": float(test["wilcoxon_p_value"]),
        "folds_better": int(np.sum(folds["better"] < folds["worse"])),
        "n_folds": len(folds["better"]),
        "t_p_value_over_folds": p_value_over_folds(folds["better"], folds["worse"]),
        "n_samples": len(errors["better"]),
    }


def main() -> None:
    given = options(__doc__, data=list(WIDTHS))
    folder = results_folder(given.quick)
    cells, results = Results("table2", folder).cells, Results("pattern", folder)
    for data in given.data:
        towers = towers_measured(cells, data)
        with_choices = add_choices(cells, data, towers)
        judged = {
            claim: judge(with_choices, data, *sides) for claim, sides in claims(towers).items()
        }
        adjusted = holm([cell["wilcoxon_p_value"] for cell in judged.values()])
        for (claim, cell), p in zip(judged.items(), adjusted, strict=True):
            results.add(f"{data}/{claim}", cell | {"adjusted_p_value": p})
            print(
                f"{data}: {claim}: {cell['relative_difference']:+.2%}, p = {p:.1e}, "
                f"{cell['folds_better']} of {cell['n_folds']} folds"
            )


if __name__ == "__main__":
    main()
