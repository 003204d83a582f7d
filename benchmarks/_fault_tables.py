"""Table of docs/security.md."""

from __future__ import annotations

from _cells import cells

TARGETS = {
    "DGEXRegressor": "`DGEXRegressor`",
    "SDATransformer": "`SDATransformer`",
    "LandmarkImputer": "`LandmarkImputer`",
    "csv": "CSV, TSV",
    "gct": "GCT",
    "series": "series matrix",
    "gctx": "GCTX",
    "h5ad": "h5ad",
    "gene map": "gene map",
    "model": "model file",
}


def fuzz_table() -> str:
    """What came of random examples, by what was fitted or read."""
    measured = cells("fuzz", "robustness")
    lines = [
        "| what | examples | fitted or read | one clear refusal | crash, hang or wrong answer | "
        "slowest |",
        "|---|---|---|---|---|---|",
    ]
    for target, name in TARGETS.items():
        if target not in measured:
            continue
        cell = measured[target]
        outcomes = cell["outcomes"]
        done = outcomes.get("fit", 0) + outcomes.get("read", 0)
        row = [f"{cell['n_examples']:,}", done, outcomes.get("refused", 0)]
        row += [outcomes.get("failure", 0), f"{cell['slowest_seconds']:.1f} s"]
        lines.append("| " + " | ".join([name, *map(str, row)]) + " |")
    return "\n".join(lines)
