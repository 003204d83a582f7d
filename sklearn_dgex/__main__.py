"""The command line: sklearn-dgex, or python -m sklearn_dgex."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from sklearn_dgex import __version__
from sklearn_dgex.exceptions import DivergedError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name, and return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    except (DivergedError, OSError, ValueError) as error:  # what the package raises on purpose
        print(f"sklearn-dgex: error: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sklearn-dgex", description="Infer thousands of genes from landmark genes."
    )
    parser.add_argument("--version", action="version", version=f"sklearn_dgex {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    demo = commands.add_parser(
        "demo",
        help="train on embedded real profiles and compare with simpler methods",
        description="Train on the embedded E. coli profiles, compare with simpler methods on "
        "conditions never seen in training, and draw the result.",
    )
    demo.add_argument(
        "--picture",
        default="sklearn_dgex_demo.png",
        metavar="FILE",
        help="where to write the picture (default: %(default)s)",
    )
    demo.add_argument(
        "--targets",
        type=_count,
        metavar="N",
        help="infer only the first N target genes, for a quick look (default: all 3,523)",
    )
    demo.set_defaults(run=_run_demo)
    return parser


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be an integer of at least 1. Got {text!r} instead.")
    return number


def _run_demo(options: argparse.Namespace) -> int:
    from sklearn_dgex._demo import run

    run(picture=options.picture, n_targets=options.targets)
    return 0


if __name__ == "__main__":
    sys.exit(main())
