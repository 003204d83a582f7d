"""Tables of docs/performance.md."""

from __future__ import annotations

import re
import statistics

from _cells import cells

OURS, AUTO = "this package", "this package, precision auto"
LOGISTIC, MLP = "this package, logistic network", "MLPRegressor"
LOOPS = ("hand-written loop", "hand-written network and loop", "per-tower loop")


def training_table() -> str:
    """Seconds a step, and how many times as fast that is as everyone else's."""
    measured = training_cases()
    with_auto = any(AUTO in cell["contestants"] for cell in measured.values())
    rivals = [*LOOPS, "Keras", MLP, f"{MLP}, same network"]
    auto = [f'{LOOPS[0]}, `precision="auto"`', '`precision="auto"` by float32'] * with_auto
    lines = [
        "How many times as fast as each rival this package trains, in float32 but for the last two "
        "columns: the median of the rounds and their range. GFLOP/s count 6 flop a parameter and "
        "sample, though the gradient "
        "of the landmarks, up to a tenth of them, is never needed.",
        "",
        header("network", "parameters", "ms a step", "GFLOP/s", "of the peak", *rivals, *auto),
    ]
    for key, cell in measured.items():
        ours = cell["contestants"][OURS]
        row = [
            key.replace("/", ", "),
            f"{cell['n_parameters'] / 1e6:.1f} M",
            f"{1e3 * ours['seconds']:.1f}",
            f"{ours['gflops']:.0f}",
            f"{ours['share_of_sgemm']:.0%}",
            *(ranged(cell, rival, OURS) for rival in LOOPS),
            keras(cell),
            ranged(cell, MLP, OURS),
            ranged(cell, MLP, LOGISTIC),
        ]
        lines.append(line(*row, *[ranged(cell, LOOPS[0], AUTO), auto_ratio(cell)] * with_auto))
    return "\n".join(lines)


def floor_table() -> str:
    """How near a step comes to what the machine could do at its best."""
    lines = [
        "Milliseconds of a step: its products at the peak of large square matrices, the "
        "optimiser's pass at the rate of large copies, and how many times their sum a step takes.",
        "",
        header(
            "network", "products", "optimiser", "sum", OURS, "of the sum", f"{LOOPS[0]}, of the sum"
        ),
    ]
    for key, cell in training_cases().items():
        products, optimiser = floors(cell)
        floor = products + optimiser
        ours, loop = (cell["contestants"][name]["seconds"] for name in (OURS, LOOPS[0]))
        milliseconds = [f"{1e3 * s:.1f}" for s in (products, optimiser, floor, ours)]
        shares = [f"{s / floor:.2f} ×" for s in (ours, loop)]
        lines.append(line(key.replace("/", ", "), *milliseconds, *shares))
    return "\n".join(lines)


def prediction_table() -> str:
    """Profiles a second, and the memory that inferring them takes."""
    measured = of_networks("predict")
    first = next(iter(measured.values()))
    ways = list(first["peak"])
    rivals = [name for name in first["rates"] if name not in ways]
    lines = [
        f"{first['n_samples']:,} profiles, {first['n_features_in']} landmarks to "
        f"{first['n_targets']:,} genes; medians of {first['rounds']} rounds. Rates are profiles a "
        f"second; slices are of {first['n_rows']:,} profiles. Memory is the peak beyond profiles, "
        "weights and answer.",
        "",
        header("network", "way", "rate", *(f"of the {r}" for r in rivals), "memory beyond"),
    ]
    for key, cell in measured.items():
        for way in ways:
            ratios = [f"{cell['ratios'][rival][way]['median']:.2f} ×" for rival in rivals]
            beyond = f"{cell['peak'][way]['beyond'] / 2**20:,.0f} MiB"
            row = [key.replace("/", ", "), way, f"{cell['rates'][way]:,.0f}", *ratios, beyond]
            lines.append(line(*row))
    return "\n".join(lines)


def import_table() -> str:
    """Seconds of the statements with which a program begins."""
    measured = cells("import_time", "speed")
    others = ["import sklearn", "import sklearn.base", "MLPRegressor()"]
    lines = [
        f"Seconds in a fresh interpreter, medians of {measured[others[0]]['rounds']} rounds, and "
        "what a statement takes beyond another one.",
        "",
        header("statement", "wall", "CPU", "loads torch", *(f"beyond `{name}`" for name in others)),
    ]
    for name in [*others, "import sklearn_dgex", "DGEXRegressor()"]:
        cell = measured[name]
        beyond = [
            f"{cell['beyond'][other]['wall']:+.3f}" if other in cell["beyond"] else ""
            for other in others
        ]
        clocks = [f"{cell[clock]:.3f}" for clock in ("wall", "cpu")]
        lines.append(line(f"`{name}`", *clocks, "yes" if cell["loads_torch"] else "no", *beyond))
    return "\n".join(lines)


def precision_table() -> str:
    """What the products' precision does to the error, and to the time of a fit."""
    measured = cells("precision", "speed")
    n_splits = len(measured["float32"]["runs"])
    lines = [
        f"GDSC, 467 landmarks to 3,377 genes, one default network, {n_splits} random split"
        f"{'s' * (n_splits > 1)}; the same initial weights, batches and dropout. The MMAE is in "
        "standard deviations of a line's expression.",
        "",
        header("products", "MMAE", "by float32's", "range", "a fit is as fast"),
    ]
    for name, cell in measured.items():
        ratios = cell["mmae_ratios"]
        spread = f"{min(ratios):.4f}-{max(ratios):.4f}"
        values = [f"{cell['mmae']:.4f}", f"{cell['mmae_ratio']:.4f}", spread]
        lines.append(line(name, *values, f"{cell['times_as_fast']:.2f} ×"))
    return "\n".join(lines)


def memory_table() -> str:
    """What a fit adds to the memory at its peak."""
    lines = [
        "MB; the ratio is the peak by 16 bytes a parameter and one copy of the data.",
        "",
        header("network", "validation", "parameters", "data", "peak", "ratio"),
    ]
    for key, cell in of_networks("memory").items():
        row = [
            ", ".join(key.split("/")[:2]),
            cell["variant"],
            f"{16 * cell['n_parameters'] / 1e6:,.0f}",
            f"{cell['data'] / 1e6:,.0f}",
            f"{cell['added'] / 1e6:,.0f}",
            f"{cell['added'] / cell['needed']:.2f}",
        ]
        lines.append(line(*row))
    return "\n".join(lines)


def machine_line() -> str:
    """The machine that the steps of training were measured on."""
    machine, measured = cells("train", "speed")["machine"], training_cases().values()
    rates = {
        kind: (
            max(cell["peaks"][kind]["best"] for cell in measured),
            statistics.median(cell["peaks"][kind]["median"] for cell in measured),
        )
        for kind in next(iter(measured))["peaks"]
    }
    named = {"sgemm": "in float32", "bfloat16": "in bfloat16"}
    products = [
        f"{rates[kind][0]:,.0f} GFLOP/s {name} (median {rates[kind][1]:,.0f})"
        for kind, name in named.items()
        if kind in rates
    ]
    return (
        f"{machine['cpu']}, {machine['cores']} cores; torch {machine['environment']['torch']} with "
        f"{machine['torch_threads']} threads, {machine['torch_capability']} and "
        f"{machine['torch_blas']}; numpy with {machine['numpy_blas']}. Products of matrices of "
        f"2,048 × 2,048: {', '.join(products)}; copies: {rates['copy'][0]:.1f} GB/s read and "
        f"written (median {rates['copy'][1]:.1f})."
    )


def training_cases() -> dict:
    return of_networks("train")


def of_networks(name: str) -> dict:
    """Cells of a speed benchmark but the machine's, smaller numbers first."""
    found = {key: cell for key, cell in cells(name, "speed").items() if key != "machine"}
    return {key: found[key] for key in sorted(found, key=natural)}


def natural(key: str) -> list:
    """Sort "5 towers" before "12 towers", and "width 1,000" before "width 3,000"."""
    parts = re.split(r"(\d+)", key.replace(",", ""))
    return [int(part) if number % 2 else part for number, part in enumerate(parts)]


def floors(cell: dict) -> tuple[float, float]:
    """Seconds of a step's products at the peak, and of the optimiser's pass at the copies' rate."""
    peaks = cell["peaks"]
    return (
        cell["products_flop"] / peaks["sgemm"]["best"] / 1e9,
        cell["floor_bytes"] / peaks["copy"]["best"] / 1e9,
    )


def ranged(cell: dict, rival: str, ours: str) -> str:
    """Return the ratio to a rival and its range, or nothing if it did not take part."""
    ratio = cell["ratios"].get(rival, {}).get(ours)
    return f"{ratio['median']:.2f} ({ratio['low']:.2f}-{ratio['high']:.2f})" if ratio else ""


def keras(cell: dict) -> str:
    """Return the ratio to Keras on the backend that is the faster one, and name it."""
    seconds = {
        name: facts["seconds"]
        for name, facts in cell["contestants"].items()
        if name.startswith("Keras, ")
    }
    if not seconds:
        return ""
    fastest = min(seconds, key=seconds.get)
    backend = {"jax": "JAX"}.get(fastest.removeprefix("Keras, "), fastest.removeprefix("Keras, "))
    return f"{ranged(cell, fastest, OURS)}, {backend}"


def auto_ratio(cell: dict) -> str:
    """Return how many times as fast as float32 the automatic precision is, and what it is."""
    shown = ranged(cell, OURS, AUTO)
    return f"{shown}, {cell['contestants'][AUTO]['precision']}" if shown else ""


def header(*names: str) -> str:
    return line(*names) + "\n|" + "---|" * len(names)


def line(*values: str) -> str:
    return "| " + " | ".join(values) + " |"
