"""The command line: sklearn-dgex, or python -m sklearn_dgex."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence

from sklearn_dgex import __version__
from sklearn_dgex._commands import COMMANDS
from sklearn_dgex.exceptions import DivergedError

BROKEN_PIPE, INTERRUPTED, MISTAKE = 141, 130, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name, and return the exit status."""
    try:
        try:
            return _run(arguments)
        finally:
            if sys.stdout is not None:  # as where the shell closed it
                sys.stdout.flush()  # so that a reader who left is met here, not at the very end
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return BROKEN_PIPE
    except (DivergedError, OSError, ValueError) as error:  # what the package raises on purpose
        return _say_error(error)
    except MemoryError as error:
        reason = f" ({error})" if str(error) else ""
        return _say_error(
            f"The memory must hold what the command reads and computes. Got too little{reason}; "
            "take fewer genes or samples, or a machine with more."
        )
    except ImportError as error:
        if error.name is not None:  # not one that names an extra, but a broken installation
            raise
        return _say_error(error)


def _run(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    with warnings.catch_warnings():
        warnings.showwarning = _say_warning
        options.run(options)
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


def _say_error(error) -> int:
    print(f"sklearn-dgex: error: {error}", file=sys.stderr)
    return MISTAKE


def _drop_output() -> None:
    """Have the interpreter's own last flush of the output go nowhere, and say nothing."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def _say_warning(message, *_, **__) -> None:
    """Print the sentence alone, without the line of code that it came from."""
    print(f"sklearn-dgex: warning: {message}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
