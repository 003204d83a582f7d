"""Tables of docs/faults.md and docs/security.md."""

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


FAULTS = {
    "test_killed": (
        "SIGKILL at 20 random moments, and in the middle of writing a checkpoint",
        "the next call goes on; weights are bit for bit those of a fit that was left alone",
    ),
    "test_disk": (
        "full disk, read-only folder, checkpoint cut short or with flipped bits",
        "one warning and the fit goes on, or one sentence before it begins; the last good "
        "checkpoint opens",
    ),
    "test_clock": (
        "the clock jumps",
        "nothing: intervals are counted by a clock that can't be set",
    ),
    "test_lost_rank": (
        "one of several training processes killed",
        "the others end with RankLostError; torchrun starts them anew, to the equal result",
    ),
    "test_lost_worker": (
        "a Dask worker killed in a grid search",
        "the search ends with the serial scores",
    ),
    "test_interrupts": (
        "Ctrl-C in each phase of a fit, and in a prediction",
        "before training: as if never called; in training: the best weights so far, and a warning",
    ),
    "test_bad_batches": (
        "values of a file turn to NaN or infinity, or the file is closed, while it is learnt from",
        "DivergedError with the epoch, or OSError with the samples; the old fit stays",
    ),
    "test_small_memory": (
        "a batch that the device's memory has no room for",
        "halved until it fits, gradients added up: the same result but for rounding, one warning",
    ),
}


def faults_table() -> str:
    """What the fault tests found."""
    measured = cells("faults", "scale")
    lines = ["| fault | what becomes of it | tests passed |", "|---|---|---|"]
    for module, (fault, end) in FAULTS.items():
        cell = measured[module]
        n_run = cell["passed"] + cell["failed"]
        skipped = f", {cell['skipped']} skipped" if cell["skipped"] else ""
        lines.append(f"| {fault} | {end} | {cell['passed']} of {n_run}{skipped} |")
    return "\n".join(lines)


def kills_table() -> str:
    """Kills of a fit on real data, and what checkpoints cost."""
    measured = cells("kills", "scale")
    killed, costs = measured["killed"], measured["costs"]
    return "\n".join(
        [
            "| | |",
            "|---|---|",
            f"| data | {killed['data']}, {killed['n_samples']} profiles, {killed['n_landmarks']} "
            f"to {killed['n_targets']:,} genes |",
            f"| kills, of them in training | {killed['kills']}, {killed['kills_in_training']} |",
            "| largest difference of a weight to a fit that was left alone | "
            f"{killed['max_weight_difference']:g} |",
            f"| seconds lost by a kill in training: median, most | {killed['lost_median']:.1f}, "
            f"{killed['lost_most']:.1f} ({killed['epoch_seconds']:.1f} an epoch) |",
            f"| a checkpoint of the default fit, {costs['parameters'] / 1e6:.0f} million "
            f"parameters | {costs['bytes'] / 1e6:.0f} MB, {costs['seconds_median']:.1f} s |",
            "| share of the fit, at one checkpoint a minute | "
            f"{costs['share_at_the_default']:.1%} |",
        ]
    )
