"""Options that commands share, what their values may be, and how help looks.

Nothing here, or at the top of a command, imports more than the standard library: help is at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable


class ExamplesLast(argparse.HelpFormatter):
    """Help whose paragraphs are wrapped, but for the examples, which stay as they are written."""

    def _fill_text(self, text, width, indent):
        if text.startswith("examples:"):
            return text
        return super()._fill_text(text, width, indent)


def whole(least: int) -> Callable[[str], int]:
    """Make a parser of integers from ``least`` on."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise argparse.ArgumentTypeError(
                f"must be an integer of at least {least}. Got {text!r} instead."
            )
        return number

    return parse


def layers(text: str) -> tuple[int, ...]:
    """Parse sizes of layers, with commas between."""
    try:
        return tuple(whole(1)(part) for part in text.split(","))
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(
            f"must be integers of at least 1, with commas between. Got {text!r} instead."
        ) from None


def share_below_one(text: str) -> float:
    """Parse a number from 0 up to 1, which is excluded."""
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise argparse.ArgumentTypeError(f"must be a number in [0, 1). Got {text!r} instead.")
    return share


def add_naming_options(parser) -> None:
    """Add the options that say how a file names its genes."""
    group = parser.add_argument_group("how the file names its genes")
    group.add_argument(
        "--probes",
        metavar="MAP",
        help="the file has probes: average those of each gene by this map, a .chip file or a table "
        "of two columns, probe and gene",
    )
    group.add_argument(
        "--gene-column",
        metavar="NAME",
        help="field of the file's gene metadata that names genes, or 'id' (default: the one that "
        "names most of the genes looked for)",
    )
    group.add_argument(
        "--genes-in-columns",
        action="store_true",
        help="a CSV or TSV file has samples in rows and genes in columns",
    )


def add_device_option(parser) -> None:
    """Add the option that says where a network computes."""
    parser.add_argument(
        "--device", metavar="NAME", help="cpu, cuda or cuda:N (default: a GPU if any)"
    )
