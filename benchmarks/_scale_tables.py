"""Tables of docs/out_of_core.md and docs/scale.md."""

from __future__ import annotations

import statistics
from typing import NamedTuple

from _cells import cells

from sklearn_dgex.nn.sizing import count_parameters, tower_width

GB = 1e9
STUDY = {
    "samples": "samples",
    "targets": "target genes",
    "towers": "towers, at equal parameters",
    "width": "width",
}


def out_of_core_rates() -> str:
    """Samples a second from files, against arrays in memory."""
    rates = measured("out_of_core")["rates"]
    kinds = [kind for kind in ("float32", "auto") if kind in rates]
    named = {"float32": "float32", "auto": '`precision="auto"`'}
    lines = [
        "Files of 1.2 GB in the system's cache: samples a second, and their share of the rate with "
        "arrays in memory: for the memory map the median of three rounds that take turns, for the "
        "others of one.",
        "",
        header("", *(f"samples a second, {named[kind]}" for kind in kinds), *map(named.get, kinds)),
    ]
    for name in rates[kinds[0]]:
        each = [rates[kind][name] for kind in kinds]
        rate = [f"{statistics.median(cell['rates']):,.0f}" for cell in each]
        lines.append(line(name, *rate, *(f"{cell['of_memory']:.0%}" for cell in each)))
    return "\n".join(lines)


def out_of_core_peak() -> str:
    """What a fit on a large file holds."""
    cell = measured("out_of_core")["peak"]
    added, held = cell["added"] / GB, cell["weights_and_optimiser"] / GB
    return (
        f"One epoch on a memory map of {cell['bytes'] / GB:.0f} GB ({cell['n_samples']:,} "
        f"profiles, {cell['n_parameters'] / 1e6:.1f} million parameters) added {added:.2f} GB to "
        f"the process at its peak: {held:.2f} GB of weights and the optimiser's moments, and "
        f"{cell['beyond'] / GB:.2f} GB beyond them. It learnt from {cell['samples_a_second']:,.0f} "
        "samples a second."
    )


def study_table() -> str:
    """Seconds and memory against each size."""
    study = measured("study")
    lines = [header("", "seconds an epoch", "GFLOP/s", "memory that the fit adds, GB", "data, GB")]
    for kind, name in STUDY.items():
        for key, cell in sizes_of(study, kind):
            lines.append(
                line(
                    f"{int(key):,} {name}",
                    f"{cell['seconds_an_epoch']:.3g}",
                    f"{cell['gflops']:.0f}",
                    f"{cell['added'] / GB:.2f}",
                    f"{cell['data'] / GB:.2f}",
                )
            )
    return "\n".join(lines)


def exponents_table() -> str:
    """Powers that time and memory grow as."""
    study = measured("study")
    lines = [header("as this grows", "from", "to", "an epoch's time grows as", "memory as")]
    for kind, name in STUDY.items():
        cell = study[f"exponents/{kind}"]
        powers = [
            f"power {cell[of]['exponent']:.2f} ± {cell[of]['standard_error']:.2f}"
            for of in ("seconds_an_epoch", "added")
        ]
        lines.append(line(name, f"{cell['from']:,}", f"{cell['to']:,}", *powers))
    return "\n".join(lines)


class Task(NamedTuple):
    """A fit that was not run, in the numbers that its cost follows from."""

    n: int
    p: int
    q: int
    width: int
    n_towers: int
    n_epochs: int


TASKS = {
    "the paper's: 88,807 profiles, 943 to 9,520 genes, width 10,000, 600 epochs": Task(
        88_807, 943, 9_520, 10_000, 5, 600
    ),
    "the same, with this package's defaults": Task(88_807, 943, 9_520, 3_000, 5, 40),
    "ARCHS4: a million profiles, 943 to 20,000 genes, with the defaults": Task(
        1_000_000, 943, 20_000, 3_000, 5, 40
    ),
    "the same, width 10,000": Task(1_000_000, 943, 20_000, 10_000, 5, 40),
}
DEVICE = 100e12  # flop/s: a round number, of what a large GPU sustains in bfloat16 or tf32


def projection_table() -> str:
    """What large fits would cost, on paper."""
    widest = max(sizes_of(measured("study"), "width"), key=lambda item: int(item[0]))[1]
    here = 1e9 * widest["gflops"]
    lines = [
        "Flop are 6 a parameter and sample. 'Here' is the machine of the study, at the "
        f"{here / GB:.0f} GFLOP/s that width {widest['width']:,} reached; a "
        "device is one that sustains 100 TFLOP/s, which none of ours was measured to do.",
        "",
        header(
            "fit",
            "parameters",
            "profiles, GB",
            "weights and moments, GB",
            "flop",
            "here",
            "a device",
            "reading needed, MB/s: here, a device",
        ),
    ]
    for name, task in TASKS.items():
        lines.append(line(name, *projected(task, here)))
    return "\n".join(lines)


def projected(task: Task, here: float) -> list[str]:
    sizes = {"n_features_in": task.p, "n_targets": task.q}
    width = tower_width(task.width, task.n_towers, **sizes)
    n_parameters = count_parameters(width, task.n_towers, **sizes)
    n_bytes = 4 * task.n * (task.p + task.q)
    flop = 6.0 * n_parameters * task.n * task.n_epochs
    seconds = [flop / rate for rate in (here, DEVICE)]
    reading = [task.n_epochs * n_bytes / s / 1e6 for s in seconds]
    return [
        f"{n_parameters / 1e6:.0f} M",
        f"{n_bytes / GB:.1f}",
        f"{12 * n_parameters / GB:.1f}",
        f"{flop:.1e}",
        *map(duration, seconds),
        ", ".join(f"{rate:,.0f}" for rate in reading),
    ]


def duration(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:,.1f} {unit}"
    return f"{seconds:.0f} seconds"


def sizes_of(study: dict, kind: str) -> list[tuple[str, dict]]:
    found = [(key.split("/")[1], cell) for key, cell in study.items() if key.split("/")[0] == kind]
    return sorted(found, key=lambda item: int(item[0]))


def searches_table() -> str:
    """One search on several backends, against the serial one."""
    lines = [header("search", "workers", "times the serial pace", "scores")]
    for name, cell in measured("searches").items():
        if "ratio" not in cell:
            continue
        equal = "equal, bit for bit" if cell["equal"] else f"{cell['largest_difference']:.0e} off"
        lines.append(line(name, str(cell["n_workers"]), f"{cell['ratio']:.2f}", equal))
    return "\n".join(lines)


def measured(name: str) -> dict:
    return cells(name, "scale")


def header(*titles: str) -> str:
    return f"{line(*titles)}\n|{'---|' * len(titles)}"


def line(*values: str) -> str:
    return f"| {' | '.join(values)} |"
