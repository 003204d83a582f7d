"""The command line that every script of the papers' figures has."""

from __future__ import annotations

import argparse


def options(doc: str, *, data: list[str] | None = None) -> argparse.Namespace:
    """Parse ``--quick``, ``--jobs`` and, where there are several, the data sets."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="small networks and few draws, into results/quick"
    )
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes (default 2)")
    if data is not None:
        parser.add_argument("--data", nargs="+", choices=data, default=data, help="data sets")
    return parser.parse_args()
