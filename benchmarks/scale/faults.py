"""Run every fault test, and put on record what came of each.

    python benchmarks/scale/faults.py

Two minutes or more: processes are started, killed and started again. Results go to
results/faults.json beside this script; docs/faults.md has the table.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "paper"))  # where Results is at home
from _results import Results

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).parent / "results"


def run_tests() -> dict[str, dict]:
    """Outcomes of the tests of each module: how many passed, failed and were skipped."""
    outcomes = defaultdict(lambda: {"passed": 0, "failed": 0, "skipped": 0, "seconds": 0.0})
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-n0", f"--junitxml={report}"]
        subprocess.run([*command, "tests/faults"], cwd=ROOT, check=False)
        for case in ElementTree.parse(report).iter("testcase"):
            found = {child.tag for child in case}
            outcome = "failed" if found & {"failure", "error"} else "passed"
            cell = outcomes[case.get("classname").split(".")[-1]]
            cell["skipped" if "skipped" in found else outcome] += 1
            cell["seconds"] += float(case.get("time"))
    return outcomes


def main() -> None:
    results = Results("faults", RESULTS)
    for module, cell in run_tests().items():
        results.add(module, cell)


if __name__ == "__main__":
    main()
