"""Do random parameters, tables and damaged files ever crash, hang, or get a wrong answer unnoticed?

    python benchmarks/robustness/fuzz.py [--n 1000] [--target DGEXRegressor csv ...] [--seed 0]

The examples and what they are held to are those of tests/fuzz, where a hundred of each run with
every test. Here nothing stops at a failure: all are counted, by what is wrong, and an example of
each is kept. Results go to results/fuzz.json beside this script.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # fits are small, and forks have no pool of threads
HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1] / "tests" / "fuzz"), str(HERE.parent / "paper"), str(HERE)]
from _results import Results  # noqa: E402
from fuzz_estimators import ESTIMATORS, cases, examine  # noqa: E402
from fuzz_files import Workshop, examples, kinds  # noqa: E402
from fuzz_settings import fuzz_settings  # noqa: E402
from hypothesis import Phase, given, seed  # noqa: E402

RESULTS = HERE / "results"
N_SHOWN = 300  # characters of a failure


def targets() -> list[str]:
    """Estimators, and kinds of files that can be read here."""
    return [*ESTIMATORS, *kinds()]


def run(strategy, example_of: Callable, n_examples: int, number: int) -> dict:
    """Counts of outcomes over ``n_examples`` examples; a failure is counted, and does not stop."""
    outcomes, errors, failures, seconds = Counter(), Counter(), {}, []

    @seed(number)
    @fuzz_settings(max_examples=n_examples, derandomize=False, phases=(Phase.generate,))
    @given(strategy)
    def every_example(example):
        start = time.perf_counter()
        try:
            kind, error = example_of(example)
        except Exception as error:  # whatever came out: the oracle's Wrong, or what it let through
            text = " ".join(f"{type(error).__name__}: {error}".split())[:N_SHOWN]
            outcomes["failure"] += 1
            failures.setdefault(text[:80], f"{text} … of {' '.join(repr(example).split())[:800]}")
        else:
            outcomes[kind] += 1
            if error:
                errors[error] += 1
        seconds.append(time.perf_counter() - start)

    every_example()
    return {
        "n_examples": len(seconds),
        "seed": number,
        "outcomes": dict(outcomes),
        "errors": dict(errors),
        "failures": list(failures.values()),
        "seconds": round(sum(seconds), 1),
        "slowest_seconds": round(max(seconds), 2),
    }


def measure(target: str, n_examples: int, number: int) -> dict:
    """Run the examples of an estimator or of a kind of file."""
    if target in ESTIMATORS:
        return run(cases(target), examine, n_examples, number)
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(target, Path(folder))

        def example_of(example) -> tuple[str, str]:
            outcome = workshop.examine(example)
            if outcome.kind == "read":
                return "read", ""
            return "refused", outcome.detail.split(":")[0]

        return run(examples(target), example_of, n_examples, number)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1000, help="examples of each target")
    parser.add_argument("--target", nargs="+", choices=targets(), default=targets())
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    results = Results("fuzz", RESULTS)
    n_failures = 0
    for target in options.target:
        cell = measure(target, options.n, options.seed)
        print(target, cell["outcomes"], f"slowest {cell['slowest_seconds']} s", flush=True)
        print(*(f"  {failure}" for failure in cell["failures"]), sep="\n", end="", flush=True)
        n_failures += cell["outcomes"].get("failure", 0)
        results.add(target, cell)
    sys.exit(bool(n_failures))


if __name__ == "__main__":
    main()
