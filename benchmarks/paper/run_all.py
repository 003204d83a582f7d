"""Every table and figure of both papers, one script after another.

    SKLEARN_DGEX_DATA=... python benchmarks/paper/run_all.py --quick    # a quarter of an hour
    SKLEARN_DGEX_DATA=... python benchmarks/paper/run_all.py            # an afternoon, two cores

A quick run writes into results/quick and tries everything out; a full one writes into results/ and
docs/pictures/, goes on where it was cut off, and renders the pages of the docs at its end. Without
the variable, data are downloaded.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from _command import options
from tqdm import tqdm

HERE = Path(__file__).parent
SCRIPTS = (
    "table1.py",
    "table2.py",
    "pattern.py",
    "figures5_6.py",
    "figures7_10.py",
    "beyond.py",
    "landmark_choice.py",
    "gene_clustering.py",
    "gene_clustering_search.py",
    "draw_gene_clustering.py",
)


def run(script: str, quick: bool, jobs: int) -> float:
    """Run a script in a process of its own; a failure ends the whole run."""
    command = [sys.executable, str(HERE / script), "--jobs", str(jobs)]
    command += ["--quick"] if quick else []
    start = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - start


def main() -> None:
    given = options(__doc__)
    seconds = {}
    with tqdm(SCRIPTS, desc="scripts") as bar:
        for script in bar:
            bar.set_postfix_str(script)
            bar.write(f"\n=== {script}")
            seconds[script] = run(script, given.quick, given.jobs)
    if not given.quick:
        subprocess.run([sys.executable, str(HERE.parent / "report.py")], check=True)
    print()
    for script, taken in seconds.items():
        print(f"{script:<28} {taken:7.1f} s")
    print(f"{'all':<28} {sum(seconds.values()):7.1f} s")


if __name__ == "__main__":
    main()
