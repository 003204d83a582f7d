"""convert: write a file of expression in another format, or some of its genes and samples."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sklearn_dgex._commands.arguments import ExamplesLast, add_naming_options

if TYPE_CHECKING:
    import numpy as np

    from sklearn_dgex._commands.profiles import NamedProfiles
    from sklearn_dgex._commands.selection import Selection


def add(commands) -> None:
    """Add the command to the parser's."""
    convert = commands.add_parser(
        "convert",
        help="write a file of expression in another format",
        description="Write a file of expression in the format that the new name ends in. Metadata "
        "go along where both formats have them. Values of a GCTX file in single precision stay "
        "so; all others are read and written in double precision.",
        formatter_class=ExamplesLast,
        epilog="examples:\n"
        "  sklearn-dgex convert GSE1234_series_matrix.txt.gz profiles.gctx\n"
        "  sklearn-dgex convert array.gct genes.gctx --probes HG_U133A.chip\n"
        "  sklearn-dgex convert counts.csv whole.gctx --log2 --fill-gaps\n"
        "  sklearn-dgex convert whole.gctx landmarks.csv --genes landmarks.txt\n",
    )
    convert.add_argument(
        "source", metavar="FROM", help="file to read, in any format that fit reads"
    )
    convert.add_argument(
        "target",
        metavar="TO",
        help="file to write: .gctx, .gct, .csv, .tsv or .h5ad; text also .gz",
    )
    convert.add_argument(
        "--genes", metavar="LIST", help="file of the genes to keep, in their order"
    )
    convert.add_argument(
        "--samples", metavar="LIST", help="file of the samples to keep, in their order"
    )
    convert.add_argument(
        "--to-columns",
        action="store_true",
        help="write a CSV or TSV file with samples in rows and genes in columns",
    )
    _add_values(convert.add_argument_group("what to do to the values, in this order"))
    add_naming_options(convert)
    convert.set_defaults(run=run)


def _add_values(group) -> None:
    group.add_argument(
        "--log2",
        action="store_true",
        help="take log2(x + 1), before the probes of a gene are averaged",
    )
    group.add_argument(
        "--fill-gaps",
        action="store_true",
        help="fill missing values with the means of their genes, and leave out genes and samples "
        "without any value",
    )


def run(options: argparse.Namespace) -> None:
    """Read, choose, write, and say what was written."""
    from sklearn_dgex._commands.profiles import open_profiles
    from sklearn_dgex._commands.selection import Selection
    from sklearn_dgex.datasets import read_gene_list
    from sklearn_dgex.utils.files import check_target
    from sklearn_dgex.utils.genes import listed

    check_target(options.target)
    genes = list(dict.fromkeys(read_gene_list(options.genes))) if options.genes else None
    samples = read_gene_list(options.samples) if options.samples else None
    how = {"keep_precision": True, "log2": options.log2}
    with open_profiles(options.source, options, genes, **how) as profiles:
        chosen = Selection(profiles, _rows(profiles, samples, options))
        if options.fill_gaps:
            chosen.fill_gaps()
        dtype = profiles.source.dtype
        _write(chosen, options.target, "columns" if options.to_columns else "rows", dtype)
        lacking = profiles.missing(genes or ())
        print(
            f"{Path(options.target).resolve()}: {len(chosen):,} samples × {len(chosen.genes):,} "
            f"genes{profiles.note}"
        )
        for note in chosen.notes:
            print(note)
        if lacking:
            print(f"Genes that {options.source} lacks: {len(lacking):,} ({listed(lacking)})")


def _rows(
    profiles: NamedProfiles, samples: list[str] | None, options: argparse.Namespace
) -> np.ndarray:
    """Positions of the chosen samples, each of which must be there once."""
    import numpy as np

    from sklearn_dgex.utils.genes import listed

    if samples is None:
        return np.arange(len(profiles))
    ids = profiles.samples.index
    place = {name: i for i, name in enumerate(ids)}
    missing = [name for name in samples if name not in place]
    if missing:
        raise ValueError(
            f"The file {options.source!r} must hold the samples of {options.samples!r}. Got "
            f"{len(missing)} missing ({listed(missing)}); it has {listed(list(place))}."
        )
    repeated = set(ids[ids.duplicated()])
    unclear = [name for name in dict.fromkeys(samples) if name in repeated]
    if unclear:
        raise ValueError(
            f"The file {options.source!r} must hold each of the samples of {options.samples!r} "
            f"once. Got {len(unclear)} that stand in it several times ({listed(unclear)}); rename "
            "them, or leave them out."
        )
    return np.array([place[name] for name in samples])


def _write(chosen: Selection, target: str, where: str, dtype: np.dtype) -> None:
    import pandas as pd
    from sklearn.utils import gen_batches

    from sklearn_dgex.datasets import ExpressionTable, expression_writer, write_expression
    from sklearn_dgex.utils.progress import ProgressBar

    samples, genes = chosen.samples, chosen.genes
    if target.endswith(".h5ad"):  # which is written whole
        frame = pd.DataFrame(chosen.read(), samples.index, genes.index, copy=False)
        write_expression(ExpressionTable(frame, samples, genes), target)
        return
    about = {"samples": samples, "genes": genes, "dtype": dtype}
    with (
        expression_writer(target, **about, genes_in=where) as writer,
        ProgressBar(len(chosen), "Writing", "profile") as bar,
    ):
        for part in gen_batches(len(chosen), chosen.n_samples_a_block):
            writer.write(chosen.read(part))
            bar.update(part.stop - part.start)
