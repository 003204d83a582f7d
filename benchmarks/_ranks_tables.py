"""Tables of docs/several_processes.md."""

from __future__ import annotations

from _cells import cells


def ranks_equality() -> str:
    """How far the weights of several ranks are from those of one process."""
    lines = [
        "| default networks | ranks | steps | difference of the weights | ranks among themselves |",
        "|---|---|---|---|---|",
    ]
    for key, cell in sorted(cells("ranks", "scale").items()):
        if key.startswith("equality/"):
            alike = "identical bits" if cell["ranks_are_identical"] else "differ"
            lines.append(
                f"| {cell['n_members']} | {cell['n_ranks']} | {cell['n_steps']} | "
                f"{cell['difference']:.0e} | {alike} |"
            )
    return "\n".join(lines)


def ranks_cost() -> str:
    """What two ranks of one thread take, by what one process of two threads takes."""
    measured = [cell for key, cell in cells("ranks", "scale").items() if key.startswith("cost/")]
    measured.sort(key=lambda cell: (cell["precision"], cell["width"], cell["batch_size"]))
    lines = [
        "Milliseconds of a step, medians of rounds that take turns, on two cores; 942 landmarks to "
        "4,759 targets, 5 towers.",
        "",
        "| width | parameters | batch | products | one process, two threads | two ranks, one "
        "thread each | ratio |",
        "|---|---|---|---|---|---|---|",
    ]
    for cell in measured:
        one, two = (1000 * cell[f"seconds_{who}"] for who in ("one_process", "two_ranks"))
        low, high = cell["range"]
        lines.append(
            f"| {cell['width']:,} | {cell['n_parameters'] / 1e6:.1f} M | {cell['batch_size']:,} | "
            f"{cell['precision']} | {one:.1f} | {two:.1f} | "
            f"{cell['ratio']:.2f} ({low:.2f}-{high:.2f}) |"
        )
    return "\n".join(lines)
