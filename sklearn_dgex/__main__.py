"""The command line: sklearn-dgex, or python -m sklearn_dgex."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence

from sklearn_dgex import __version__
from sklearn_dgex._commands import COMMANDS
from sklearn_dgex.exceptions import DivergedError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name, and return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _say_warning
            options.run(options)
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    except (DivergedError, OSError, ValueError) as error:  # what the package raises on purpose
        print(f"sklearn-dgex: error: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sklearn-dgex",
        description="Infer thousands of genes from landmark genes, and cluster genes.",
    )
    parser.add_argument("--version", action="version", version=f"sklearn_dgex {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return parser


def _say_warning(message, *_, **__) -> None:
    """Print the sentence alone, without the line of code that it came from."""
    print(f"sklearn-dgex: warning: {message}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
