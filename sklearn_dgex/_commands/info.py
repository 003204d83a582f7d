"""info: say what a model or a file of expression holds."""

from __future__ import annotations

import argparse
from pathlib import Path

from sklearn_dgex._commands.arguments import ExamplesLast

N_FIELDS = 12


def add(commands) -> None:
    """Add the command to the parser's."""
    info = commands.add_parser(
        "info",
        help="say what a model or a file of expression holds",
        description="Print a model's card, or the size and metadata of a file of expression. A "
        "model is checked by its checksum; nothing in it is executed.",
        formatter_class=ExamplesLast,
        epilog="examples:\n"
        "  sklearn-dgex info model.safetensors\n"
        "  sklearn-dgex info profiles.gctx\n",
    )
    info.add_argument("file", metavar="FILE", help="a model, or a file of expression")
    info.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Tell models from expression by what is in the file, and describe it."""
    from sklearn_dgex.persistence._container import looks_like_a_model

    if looks_like_a_model(options.file):
        from sklearn_dgex.persistence._models import describe

        print(describe(options.file), end="")
    else:
        _describe_expression(options.file)


def _describe_expression(path: str) -> None:
    from sklearn_dgex.datasets import open_expression
    from sklearn_dgex.utils.genes import listed

    with open_expression(path) as source:
        print(f"{Path(path).name}: {len(source.samples):,} samples × {len(source.genes):,} genes")
        for what, about in (("samples", source.samples), ("genes", source.genes)):
            fields = ", ".join(map(str, about.columns[:N_FIELDS]))
            more = ", …" if len(about.columns) > N_FIELDS else ""
            print(f"  {what}: {listed(list(map(str, about.index)))}")
            if fields:
                print(f"    fields: {fields}{more}")
