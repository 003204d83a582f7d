"""Table 1 and Figures 2 and 3 of Kunc & Kléma (2020): the sizes, which must be exact.

    python benchmarks/paper/table1.py [--quick]

No network is built: sizes are plain integers. Results go to results/table1.json.
"""

from __future__ import annotations

import pandas as pd
from _command import options
from _pictures import draw_table1
from _results import PUBLISHED, Results, results_folder

from sklearn_dgex.nn.sizing import count_neurons, count_parameters, tower_width

SIZES = {"n_features_in": 942, "n_targets": 4759}
WIDTH = 10_000


def sizes_of(n_towers: int) -> dict[str, int]:
    width = tower_width(WIDTH, n_towers, **SIZES)
    return {
        "n_towers": n_towers,
        "tower_width": width,
        "n_neurons": count_neurons(width, n_towers, n_targets=SIZES["n_targets"]),
        "n_parameters": count_parameters(width, n_towers, **SIZES),
    }


def main() -> None:
    given = options(__doc__)
    published = pd.read_csv(PUBLISHED / "table1.csv")
    ours = pd.DataFrame([sizes_of(k) for k in published["n_towers"]])
    results = Results("table1", results_folder(given.quick))
    cell = {"rows": ours.to_dict("records"), "equals_published": bool(ours.equals(published))}
    results.add("Table 1", cell)
    print(ours.to_string(index=False))
    print(f"Equal to the published table in every number: {cell['equals_published']}")
    print(draw_table1(pd.DataFrame([sizes_of(k) for k in range(1, 13)]), given.quick))


if __name__ == "__main__":
    main()
