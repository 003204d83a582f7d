"""Figures 5 and 6 of Kunc & Kléma (2020): which networks differ significantly on GDSC.

    python benchmarks/paper/table2.py && python benchmarks/paper/figures5_6.py [--quick]

From the errors of the single cell lines in results/table2.json, each line in the one fold where it
is a test line: Wilcoxon's signed-rank test of every pair, between numbers of towers for each
architecture (Figure 5) and between architectures for each number of towers (Figure 6), at the
paper's level of 1e-4, corrected by Holm's method within each panel. Results go to
results/figures5_6.json.
"""

from __future__ import annotations

import pandas as pd
from _command import options
from _networks import ARCHITECTURES
from _pictures import draw_significance
from _results import Results, results_folder
from _table2 import sample_errors, towers_measured

from sklearn_dgex.metrics import compare_models

DATA = "GDSC"


def panels(cells: dict) -> dict[str, dict[str, pd.DataFrame]]:
    """Comparisons by figure and panel."""
    towers = towers_measured(cells, DATA)
    errors = {
        (name, k): sample_errors(cells, DATA, f"{name}/{k}")
        for name in ARCHITECTURES
        for k in towers
    }
    return {
        "figure5": {
            name: compare_models({str(k): errors[name, k] for k in towers})
            for name in ARCHITECTURES
        },
        "figure6": {
            f"{k} tower{'s' * (k > 1)}": compare_models(
                {name: errors[name, k] for name in ARCHITECTURES}
            )
            for k in towers
        },
    }


def main() -> None:
    given = options(__doc__)
    folder = results_folder(given.quick)
    results = Results("figures5_6", folder)
    for figure, comparisons in panels(Results("table2", folder).cells).items():
        for panel, comparison in comparisons.items():
            table = comparison.reset_index()
            results.add(f"{figure}/{panel}", {"pairs": table.to_dict("records")})
        print(draw_significance(comparisons, figure, given.quick))


if __name__ == "__main__":
    main()
