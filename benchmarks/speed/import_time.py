"""How long do `import sklearn_dgex` and the first estimator take, and do they load torch?

    python benchmarks/speed/import_time.py [--quick]

Every statement runs in a fresh interpreter, in turns, and is timed inside it: wall time and the
processor's. A figure is the median of eleven rounds; what it takes beyond another statement is the
median of the rounds' differences. The fair measure of the package is `import sklearn.base`, which
it needs, and that of its estimator is scikit-learn's own network, `MLPRegressor()`.

Results go to results/import_time.json beside this script.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "paper"))  # where Results is at home
from _results import Results

RESULTS = Path(__file__).parent / "results"
STATEMENTS = {
    "import sklearn": "import sklearn",
    "import sklearn.base": "import sklearn.base",
    "MLPRegressor()": "from sklearn.neural_network import MLPRegressor; MLPRegressor()",
    "import sklearn_dgex": "import sklearn_dgex",
    "DGEXRegressor()": "from sklearn_dgex import DGEXRegressor; DGEXRegressor()",
}
BESIDE = {  # what each of ours is compared with
    "import sklearn_dgex": ("import sklearn", "import sklearn.base"),
    "DGEXRegressor()": ("import sklearn", "import sklearn.base", "MLPRegressor()"),
}
TIMED = """
import json, sys, time
wall, cpu = time.perf_counter(), time.process_time()
{statement}
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
print(json.dumps({{"wall": wall, "cpu": cpu, "torch": "torch" in sys.modules}}))
"""


def run(statement: str) -> dict:
    """Seconds of a statement in a fresh interpreter, and whether it loaded torch."""
    command = [sys.executable, "-c", TIMED.format(statement=statement)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def difference(rounds: list[dict], name: str, other: str) -> dict:
    """Seconds that a statement takes beyond another one."""
    return {
        clock: statistics.median(one[name][clock] - one[other][clock] for one in rounds)
        for clock in ("wall", "cpu")
    }


def cell(rounds: list[dict], name: str) -> dict:
    found = {
        clock: statistics.median(one[name][clock] for one in rounds) for clock in ("wall", "cpu")
    }
    return {
        **found,
        "statement": STATEMENTS[name],
        "all": [one[name]["wall"] for one in rounds],
        "loads_torch": any(one[name]["torch"] for one in rounds),
        "rounds": len(rounds),
        "beyond": {other: difference(rounds, name, other) for other in BESIDE.get(name, ())},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two rounds, into results/quick")
    quick = parser.parse_args().quick
    results = Results("import_time", RESULTS / "quick" if quick else RESULTS)
    for statement in STATEMENTS.values():  # the first run compiles to bytecode and warms the disk
        run(statement)
    rounds = [
        {name: run(statement) for name, statement in STATEMENTS.items()}
        for _ in range(2 if quick else 11)
    ]
    for name in STATEMENTS:
        results.add(name, cell(rounds, name))
        found = results[name]
        beyond = ", ".join(f"{d['wall']:+.3f} s to {other}" for other, d in found["beyond"].items())
        torch = "loads torch" if found["loads_torch"] else "no torch"
        print(f"{name:>20}: {found['wall']:.3f} s, CPU {found['cpu']:.3f} s, {torch}  {beyond}")


if __name__ == "__main__":
    main()
