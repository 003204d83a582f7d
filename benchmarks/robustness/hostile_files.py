"""Does a damaged file ever crash, hang or swell its reader, or leave an error that says nothing?

    python benchmarks/robustness/hostile_files.py [--n 500] [--kind gct ...] [--seed 0] [--keep DIR]

For each kind, sound files are made and damaged N times (_mutations.py), and each is loaded in a
process of its own (_guarded.py). It counts as

read             loaded: the damage left a sound file, or one that only has other values
clear error      one ValueError or OSError of one sentence that names the file
unclear error    any other
crash, hang      the process died, or took more than 10 s
too much memory  more than 4 times the file's size and 64 MB

Results go to results/hostile_files.json beside this script.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "paper"), str(Path(__file__).parent)]
from _guarded import OUTCOMES, load_guarded  # noqa: E402
from _mutations import mutated  # noqa: E402
from _results import Results  # noqa: E402
from _sound import sound_csv, sound_gct, sound_gctx, sound_model  # noqa: E402

from sklearn_dgex.datasets import open_expression, read_expression  # noqa: E402
from sklearn_dgex.persistence import load  # noqa: E402

RESULTS = Path(__file__).parent / "results"
SECONDS = 10.0
N_EXAMPLES = 3  # of each bad outcome, in the results


def load_expression(path: Path) -> None:
    """Read a file both ways."""
    read_expression(path)
    with open_expression(path) as source:
        source[: len(source) // 2]


def load_model(path: Path) -> None:
    """Open a model and have it answer, on one thread: a pool of them does not survive a fork."""
    torch.set_num_threads(1)
    model = load(path)
    genes = model.feature_names_in_
    model.transform(pd.DataFrame(np.full((2, len(genes)), 8.0, np.float32), columns=genes))


@dataclass(frozen=True)
class Kind:
    """A kind of file: how sound ones are made in a folder, and how one is loaded."""

    make: Callable[[Path], list[Path]]
    load: Callable[[Path], object]


KINDS = {
    "gct": Kind(sound_gct, load_expression),
    "gctx": Kind(sound_gctx, load_expression),
    "csv": Kind(sound_csv, load_expression),
    "model": Kind(sound_model, load_model),
}


def measure(kind: Kind, n_files: int, *, seed: int = 0, keep: Path | None = None) -> dict:
    """Counts of outcomes over ``n_files`` damaged files, and examples of the bad ones."""
    counts, by_mutation, examples = Counter(dict.fromkeys(OUTCOMES, 0)), {}, {}
    slowest, largest = 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        sound = kind.make(Path(folder))
        for path in sound:
            kind.load(path)  # a sound file loads, and warms up what all forks share
        contents = [path.read_bytes() for path in sound]
        for i in range(n_files):
            rng = random.Random(f"{seed}/{i}")
            path = sound[i % len(sound)]
            mutation, content = mutated(contents[i % len(sound)], rng)
            damaged = path.with_name(f"damaged_{i}{''.join(path.suffixes)}")
            damaged.write_bytes(content)
            outcome = load_guarded(kind.load, damaged, seconds=SECONDS)
            counts[outcome.kind] += 1
            by_mutation.setdefault(mutation, Counter())[outcome.kind] += 1
            slowest, largest = max(slowest, outcome.seconds), max(largest, outcome.growth)
            if outcome.kind not in OUTCOMES[:2]:
                told = examples.setdefault(outcome.kind, [])
                told += [f"{i} {path.name} {mutation}: {outcome.detail}"][: N_EXAMPLES - len(told)]
                if keep is not None:
                    (keep / damaged.name).write_bytes(content)
            damaged.unlink()
    return {
        "n_files": n_files,
        "seed": seed,
        "outcomes": dict(counts),
        "by_mutation": {name: dict(by_mutation[name]) for name in sorted(by_mutation)},
        "examples": examples,
        "slowest_seconds": round(slowest, 2),
        "largest_growth_megabytes": round(largest / 2**20, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=500, help="damaged files of each kind")
    parser.add_argument("--kind", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for files with a bad outcome")
    options = parser.parse_args()
    results = Results("hostile_files", RESULTS)
    for name in options.kind:
        cell = measure(KINDS[name], options.n, seed=options.seed, keep=options.keep)
        print(name, cell["outcomes"], cell["slowest_seconds"], cell["largest_growth_megabytes"])
        for outcome, told in cell["examples"].items():
            print(*(f"  {outcome}: {line}" for line in told), sep="\n")
        results.add(name, cell)


if __name__ == "__main__":
    main()
