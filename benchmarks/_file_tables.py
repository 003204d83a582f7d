"""Tables of docs/files.md."""

from __future__ import annotations

import numpy as np
from _cells import cells

KINDS = {"gct": "GCT", "gctx": "GCTX", "csv": "CSV", "model": "model"}
WORSE = ("unclear error", "crash", "hang", "too much memory")


def hostile_files() -> str:
    """What became of mutated files, by their kind."""
    measured = cells("hostile_files", "robustness")
    lines = [
        "| mutated files | read | one clear sentence | " + " | ".join(WORSE) + " |",
        "|---|---|---|" + "---|" * len(WORSE),
    ]
    for kind, name in KINDS.items():
        outcomes = measured[kind]["outcomes"]
        counts = [outcomes[what] for what in ("read", "clear error", *WORSE)]
        row = [f"{measured[kind]['n_files']:,} {name}", *map(str, counts)]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def landmark_choice() -> str:
    """Error of genes inferred from landmarks that each rule chose, by their number."""
    splits = list(cells("landmark_choice").values())
    rules = ("greedy", "cluster", "random", "L1000")
    numbers = sorted({int(key.split("/")[1]) for key in splits[0]["errors"]})
    lines = [
        f"| landmarks | {' | '.join(rules)} | greedy against cluster | against random |",
        "|---|" + "---|" * (len(rules) + 2),
    ]
    for k in numbers:
        means = {
            rule: np.mean([split["errors"][f"{rule}/{k}"]["mmae"] for split in splits])
            for rule in rules
            if f"{rule}/{k}" in splits[0]["errors"]
        }
        shown = [f"{means[rule]:.4f}" if rule in means else "" for rule in rules]
        gains = [f"{means['greedy'] / means[rule] - 1:+.1%}" for rule in ("cluster", "random")]
        lines.append("| " + " | ".join([str(k), *shown, *gains]) + " |")
    return "\n".join(lines)


def infer_stream() -> str:
    """Rate and memory of the command beside the two rates that bound it."""
    measured = {
        key.removeprefix("stream/"): cell
        for key, cell in cells("infer", "speed").items()
        if key.startswith("stream/")
    }
    first = next(iter(measured.values()))
    lines = [
        f"{first['n_landmarks']} landmarks to {first['n_targets']:,} inferred genes, GCTX to GCTX, "
        f"on two cores; medians of {first['rounds']} rounds. Rates are profiles a second.",
        "",
        "| network | profiles | written | rate | network alone | disk alone | of the slower | "
        "memory beyond weights |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, cell in measured.items():
        rates = [f"{cell[key]:,.0f}" for key in ("rate", "network_rate", "disk_rate")]
        row = [
            name,
            f"{cell['n_samples']:,}",
            f"{cell['written_gb']:.1f} GB",
            *rates,
            f"{cell['share_of_slower']:.0%}",
            f"{cell['peak_beyond_weights_gib']:.2f} GiB",
        ]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def model_opening() -> str:
    """Seconds to open a large model."""
    cell = cells("infer", "speed")["open"]
    return (
        f"A model of {cell['n_parameters'] / 1e6:,.0f} million parameters ({cell['gb']:.2f} GB) "
        f"opens in {cell['seconds']:.1f} s from a warm disk, its checksum compared."
    )
