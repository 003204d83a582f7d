"""Tables of docs/paper_results.md."""

from __future__ import annotations

import csv

import numpy as np
from _cells import HERE, cells
from _table2 import (
    ARCHITECTURE_NAMES,
    BELOW_THE_LINE,
    PAPERS_PAIR,
    PUBLISHED_DENSE,
    mmae_tables,
    of_folds,
    p_value_over_folds,
    towers_measured,
)


def published(name: str) -> list[dict[str, str]]:
    """Rows of a published table."""
    with (HERE / "paper" / "published" / f"{name}.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def markdown(header: list[str], rows: list[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(header) + " |", "|---|" + "---|" * (len(header) - 1)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def table1() -> str:
    """Sizes, which equal the published ones or say so."""
    cell = cells("table1")["Table 1"]
    rows = [[f"{value:,}" for value in row_of(row)] for row in cell["rows"]]
    verdict = "Every number is the published one." if cell["equals_published"] else "They differ."
    header = ["towers", "neurons a tower", "neurons", "parameters"]
    return "\n".join([*markdown(header, rows), "", verdict])


def row_of(row: dict) -> list[int]:
    return [row[name] for name in ("n_towers", "tower_width", "n_neurons", "n_parameters")]


def table2_gdsc() -> str:
    return _table2("GDSC")


def table2_ecoli() -> str:
    return _table2("E. coli")


def table2_synthetic() -> str:
    return _table2("synthetic")


def _table2(data: str) -> str:
    """MMAE by towers and architecture, the lowest of a column bold, and the rows below the line."""
    measured = cells("table2")
    towers, mmae = towers_measured(measured, data), mmae_tables(measured, data)[0].to_numpy()
    lowest = mmae.argmin(axis=0)
    rows = [
        [str(k), *(_bold(f"{v:.4f}", i == lowest[j]) for j, v in enumerate(mmae[i]))]
        for i, k in enumerate(towers)
    ]
    for name in BELOW_THE_LINE:
        rows.append([name, f"{of_folds(measured, data, name).mean():.4f}", "", "", ""])
    n_folds = len(of_folds(measured, data, "CR-D-GEX/5"))
    sizes = [of_folds(measured, data, f"CR-D-GEX/{k}", "n_parameters")[0] for k in towers]
    note = (
        f"Mean over {n_folds} folds; {min(sizes):,} to {max(sizes):,} parameters a network, the "
        "lowest of each column bold."
    )
    return "\n".join([*markdown(["towers", *ARCHITECTURE_NAMES], rows), "", note])


def table2_published() -> str:
    rows = [
        [row["n_towers"], *(f"{float(row[name]):.4f}" for name in ARCHITECTURE_NAMES)]
        for row in published("table2")
    ]
    columns = np.array(
        [[float(row[name]) for name in ARCHITECTURE_NAMES] for row in published("table2")]
    )
    for j, i in enumerate(columns.argmin(axis=0)):
        rows[i][j + 1] = _bold(rows[i][j + 1], True)
    rows += [[name, f"{mmae:.4f}", "", "", ""] for name, mmae in PUBLISHED_DENSE.items()]
    return "\n".join(markdown(["towers", *ARCHITECTURE_NAMES], rows))


def parts() -> str:
    """What each part of the network is worth at its best number of towers, as a share of MMAE."""
    measured, theirs = cells("table2"), published("table2")
    curves = {
        "the paper": {name: [float(row[name]) for row in theirs] for name in ARCHITECTURE_NAMES}
    } | {data: mmae_tables(measured, data)[0].to_dict("list") for data in ("GDSC", "E. coli")}
    claims = {
        "towers instead of one": ("T-D-GEX", lambda curve: curve["T-D-GEX"][0]),
        "a checkerboard instead of towers": ("C-D-GEX", lambda curve: min(curve["T-D-GEX"])),
        "a skip connection in the checkerboard": ("CR-D-GEX", lambda curve: min(curve["C-D-GEX"])),
        "all three": ("CR-D-GEX", lambda curve: curve["T-D-GEX"][0]),
    }
    rows = [
        [claim, *(f"{min(curve[name]) / before(curve) - 1:+.1%}" for curve in curves.values())]
        for claim, (name, before) in claims.items()
    ]
    return "\n".join(markdown(["change of the error by", *curves], rows))


def _bold(text: str, is_bold: bool) -> str:
    return f"**{text}**" if is_bold else text


def pattern() -> str:
    """Each claim of Table 2, on each data set."""
    measured = cells("pattern")
    header = ["claim", "data", "change of MMAE", "95 % interval", "p", "folds", "p over folds"]
    rows = []
    for key, cell in sorted(measured.items(), key=lambda item: _claim_order(item[0])):
        data, claim = key.split("/", 1)
        low, high = (f"{end:+.2%}" for end in cell["relative_interval"])
        rows.append(
            [
                claim,
                data,
                f"{cell['relative_difference']:+.2%}",
                f"{low} to {high}",
                p_value(cell["adjusted_p_value"]),
                f"{cell['folds_better']} of {cell['n_folds']}",
                p_value(cell["t_p_value_over_folds"]),
            ]
        )
    return "\n".join(markdown(header, rows))


CLAIMS = (
    "skip",
    "several towers beat one",
    "five",
    "towers chosen",
    "CR-D-GEX is",
    "CR-D-GEX with",
)


def _claim_order(key: str) -> tuple:
    data, claim = key.split("/", 1)
    place = [claim.startswith(start) for start in CLAIMS]
    return (place.index(True) if any(place) else len(CLAIMS), claim, data != "GDSC", data)


def de_agreement() -> str:
    """Scores and counts of each model, by sample size."""
    measured = cells("figures7_10")
    models = (*PAPERS_PAIR, "LR")
    rows = []
    for size in de_sizes(measured):
        for name in models:
            mean = measured[f"scores/{size}/{name}"]["mean"]
            counts = ("true_positives", "false_negatives", "false_positives")
            rows.append(
                [
                    str(size) if name == models[0] else "",
                    name,
                    f"{mean['f1']:.3f}",
                    f"{mean['mcc']:.3f}",
                    *(f"{mean[count]:,.0f}" for count in counts),
                ]
            )
    study = measured["study"]
    first, second = study["clusters"]
    note = (
        f"Means over {study['n_repeats']:,} data sets of each size, drawn from clusters of {first} "
        f"and {second} cell lines; genes of 3,377, called at 5 % false calls."
    )
    header = ["samples", "model", "F1", "MCC", "found", "missed", "falsely called"]
    return "\n".join([*markdown(header, rows), "", note])


def de_gain() -> str:
    """Paired differences of the papers' pair, by sample size."""
    measured = cells("figures7_10")
    model, baseline = PAPERS_PAIR
    rows = []
    for size in de_sizes(measured):
        gain = measured[f"differences/{size}/{model}/{baseline}"]
        mean, better = gain["mean"], gain["better"]
        row = [str(size)]
        for score in ("f1", "mcc"):
            row += [f"{mean[score]:+.4f}", f"{better[score]:.0%}", p_value(gain["p_value"][score])]
        rows.append([*row, f"{mean['false_positives']:+.0f}", f"{mean['false_negatives']:+.1f}"])
    header = ["samples", "F1", "better in", "p", "MCC", "better in", "p"]
    return "\n".join(markdown([*header, "falsely called", "missed"], rows))


def de_sizes(measured: dict) -> list[int]:
    return sorted({int(key.split("/")[1]) for key in measured if key.startswith("scores/")})


def beyond_folds() -> str:
    """More folds and farther reconnections, against two folds joined with the neighbour."""
    measured, base = cells("beyond"), cells("table2")
    names = sorted({key.split("/", 2)[2] for key in measured if "/folds/" in key})
    rows = []
    for name in names:
        _, k, n_folds, reconnection = name.split("/")
        reference = of_folds(base, "GDSC", f"CR-D-GEX/{k}")
        rows.append(
            [k, n_folds, reconnection, *_against(of_folds(measured, "GDSC", name), reference)]
        )
    rows.sort(key=lambda row: (int(row[0]), int(row[1])))
    header = ["towers", "folds", "reconnection", "MMAE", "change", "folds better", "p over folds"]
    return "\n".join(markdown(header, rows))


def beyond_output() -> str:
    """MMAE by the number of towers and of targets, with the width of a tower."""
    measured, base = cells("beyond"), cells("table2")
    sizes = sorted({int(key.split("/")[3]) for key in measured if "/output/" in key})
    towers = sorted({int(key.split("/")[4]) for key in measured if "/output/" in key})
    rows = []
    for n in [*sizes, None]:  # None: all targets, as in Table 2
        source, stem = (base, "CR-D-GEX") if n is None else (measured, f"output/{n}")
        mmae = [of_folds(source, "GDSC", f"{stem}/{k}").mean() for k in towers]
        widths = [of_folds(source, "GDSC", f"{stem}/{k}", "tower_width")[0] for k in towers]
        best = int(np.argmin(mmae))
        shown = [
            _bold(f"{m:.4f} ({w})", i == best)
            for i, (m, w) in enumerate(zip(mmae, widths, strict=True))
        ]
        rows.append(["all" if n is None else f"{n:,}", *shown])
    header = ["targets", *(f"{k} tower{'s' * (k > 1)}" for k in towers)]
    return "\n".join(markdown(header, rows))


def beyond_members() -> str:
    """Averaged networks against one of as many parameters."""
    measured = cells("beyond")
    reference = of_folds(measured, "GDSC", "members/1")
    rows = [
        ["1 network of width 250", "1", f"{reference.mean():.4f}", "", "", "", seconds("members/1")]
    ]
    for m in sorted({int(k.split("/")[3]) for k in measured if "/larger/" in k}):
        for kind, label in (("members", f"{m} networks averaged"), ("larger", "1 larger network")):
            values = of_folds(measured, "GDSC", f"{kind}/{m}")
            rows.append([label, str(m), *_against(values, reference), seconds(f"{kind}/{m}")])
    header = ["what", "times the parameters", "MMAE", "change", "folds better", "p over folds"]
    return "\n".join(markdown([*header, "seconds a fit, one core"], rows))


def seconds(name: str) -> str:
    return f"{np.median(of_folds(cells('beyond'), 'GDSC', name, 'seconds')):.0f}"


def evidence_limma() -> str:
    """Largest relative differences from R's limma."""
    rows = []
    for key, cell in sorted(cells("evidence", "speed").items()):
        if key.startswith("limma/"):
            figures = (cell[name] for name in ("t", "p_value", "df_prior", "variance_prior"))
            size = f"{cell['n_samples']} × {cell['n_genes']:,}"
            rows.append([key.split("/")[1], size, f"{cell['n_missing']:,}"])
            rows[-1] += [f"{figure:.0e}" if figure else "0" for figure in figures]
    header = ["case", "samples × genes", "missing values", "t", "p", "df.prior", "s2.prior"]
    return "\n".join(markdown(header, rows))


def evidence_speed() -> str:
    """Seconds at the size that each function is meant for."""
    measured = cells("evidence", "speed")
    study, bootstrap = measured["speed/study"], measured["speed/bootstrap"]
    lincs = measured["speed/lincs_gcv"]
    moderated_t = measured["speed/moderated_t"]["seconds"]
    plain = study["plain_seconds_one_process"]
    rows = [
        ["`moderated_t`", "9,518 genes × 160 samples", f"{1000 * moderated_t:.0f} ms"],
        [
            "`DEAgreementStudy`",
            f"{study['n_repeats']:,} draws of 160 samples, two models, 3,377 genes, two threads",
            f"{study['seconds']:.0f} s (draw by draw on one core, about {plain:.0f} s)",
        ],
        [
            "`bootstrap_interval`",
            "100,000 resamples of 20,000 samples",
            f"{bootstrap['seconds']:.1f} s, {bootstrap['megabytes']:.0f} MB",
        ],
        [
            '`LincsRegression("gcv")`',
            f"942 landmarks, 9,518 targets, {lincs['n_samples']:,} samples",
            f"{lincs['seconds']:.1f} s",
        ],
    ]
    return "\n".join(markdown(["function", "size", "on two cores"], rows))


def evidence_coverage() -> str:
    """How often nominal 95 % intervals hold the mean."""
    measured = cells("evidence", "speed")
    sizes = sorted({int(k.split("/")[2]) for k in measured if k.startswith("coverage/")})
    rows = [
        [method, *(f"{measured[f'coverage/{method}/{n}']['coverage']:.1%}" for n in sizes)]
        for method in ("percentile", "bca")
    ]
    cell = measured[f"coverage/bca/{sizes[0]}"]
    low, high = (f"{end:.1%}" for end in cell["bound"])
    note = (
        f"Were the true coverage 95 %, {cell['n_repeats']} simulations would show {low} to {high} "
        "in 99 of 100 tries."
    )
    header = ["interval", *(f"{n:,} samples" for n in sizes)]
    return "\n".join([*markdown(header, rows), "", note])


def _against(values: np.ndarray, reference: np.ndarray) -> list[str]:
    p = p_value_over_folds(values, reference)
    change = values.mean() / reference.mean() - 1
    better = f"{(values < reference).sum()} of {len(values)}"
    return [f"{values.mean():.4f}", f"{change:+.2%}", better, p_value(p)]


def p_value(p: float) -> str:
    return f"{p:.1g}" if p >= 1e-8 else "< 1e-8"
