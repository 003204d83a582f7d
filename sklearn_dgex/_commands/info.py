"""info: say what a model or a file of expression holds."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sklearn_dgex._commands.arguments import ExamplesLast

if TYPE_CHECKING:
    from sklearn_dgex.datasets import ExpressionSource

N_FIELDS = 12
MOST_BLOCKS = 16  # to look through, of a file that has more


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
        sys.stdout.flush()  # the values of a large file take a while
        print(f"  values{_range(source)}")


def _range(source: ExpressionSource) -> str:
    """Lowest and highest value and the number of gaps, in all samples or blocks spread evenly."""
    import numpy as np
    from sklearn.utils import gen_batches

    from sklearn_dgex._commands.streaming import block_length

    blocks = list(gen_batches(len(source), block_length(source.shape[1])))
    blocks = blocks[:: -(-len(blocks) // MOST_BLOCKS) or 1]
    lowest, highest, n_samples, n_missing = np.inf, -np.inf, 0, 0
    for block in blocks:
        values = source[block]
        is_missing = np.isnan(values)
        lowest = min(lowest, values.min(where=~is_missing, initial=np.inf))
        highest = max(highest, values.max(where=~is_missing, initial=-np.inf))
        n_samples, n_missing = n_samples + len(values), n_missing + is_missing.sum()
    where = f" of {n_samples:,} samples" if n_samples < len(source) else ""
    measured = n_missing < n_samples * source.shape[1]
    extent = f"{_short(lowest)} to {_short(highest)}" if measured else "none"
    return f"{where}: {extent}; missing: {n_missing:,}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.4g}"
