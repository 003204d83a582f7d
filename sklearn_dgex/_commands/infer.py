"""infer: complete landmark profiles of any number, in blocks."""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from sklearn_dgex._commands.arguments import ExamplesLast, add_device_option, add_naming_options
from sklearn_dgex._commands.streaming import block_length
from sklearn_dgex.utils.ahead import one_ahead

if TYPE_CHECKING:
    import numpy as np

    from sklearn_dgex._commands.profiles import NamedProfiles

TAKE_MEANS = "pass --fill-missing to take their means in training"


def add(commands) -> None:
    """Add the command to the parser's."""
    infer = commands.add_parser(
        "infer",
        help="complete landmark profiles with a model",
        description="Infer all genes of a model from a file of landmark profiles. The file is read "
        "and the result written in blocks, so both may be larger than the memory (GCTX; other "
        "formats are read whole).",
        formatter_class=ExamplesLast,
        epilog="examples:\n"
        "  sklearn-dgex infer model.safetensors landmarks.gctx --out whole.gctx\n"
        "  sklearn-dgex infer model.safetensors L1000.gct --gene-column pr_gene_symbol \\\n"
        "      --fill-missing --out inferred.csv.gz\n",
    )
    infer.add_argument("model", metavar="MODEL", help="file that 'sklearn-dgex fit' wrote")
    infer.add_argument(
        "profiles", metavar="LANDMARK-FILE", help="landmark profiles, in any format that fit reads"
    )
    infer.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help="where to write whole profiles: .gctx, .gct, .csv, .tsv; text also .gz",
    )
    infer.add_argument(
        "--only-inferred", action="store_true", help="leave the landmarks out of the result"
    )
    infer.add_argument(
        "--fill-missing",
        action="store_true",
        help="fill landmarks that are missing with their means in training",
    )
    add_device_option(infer)
    add_naming_options(infer)
    infer.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Infer block by block, and say what was found and written."""
    import numpy as np

    from sklearn_dgex._commands.models import Inference
    from sklearn_dgex._commands.profiles import open_profiles
    from sklearn_dgex.exceptions import FilledLandmarksWarning

    model = Inference(options.model, options.device)
    if options.fill_missing:
        model.fill_missing()
        warnings.simplefilter("ignore", FilledLandmarksWarning)  # the counts below say more
    genes = model.targets if options.only_inferred else model.genes
    with open_profiles(options.profiles, options, model.landmarks) as profiles:
        _check_landmarks(profiles, model, options)
        started = time.perf_counter()
        n_gaps = _infer(profiles, model, genes, options)
        seconds = time.perf_counter() - started
    if n_gaps.any():
        n_holed = np.count_nonzero(n_gaps)
        print(f"Missing values filled: {n_gaps.sum():,}, in {n_holed:,} samples.")
    print(
        f"{Path(options.out).resolve()}: {len(profiles):,} samples × {len(genes):,} genes, in "
        f"{seconds:.1f} s ({len(profiles) / seconds:,.0f} profiles a second)"
    )


def _infer(
    profiles: NamedProfiles, model, genes: list[str], options: argparse.Namespace
) -> np.ndarray:
    """Write what is inferred, and return the number of gaps in each sample.

    One thread reads, another infers, and this one assembles and writes. Both have ended when the
    file closes, whatever happens here.
    """
    import numpy as np

    from sklearn_dgex._commands.values import warn_other_scale
    from sklearn_dgex.datasets import expression_writer
    from sklearn_dgex.utils.progress import ProgressBar

    about = {"samples": profiles.samples, "genes": genes}
    where = "columns" if options.genes_in_columns else "rows"
    n_samples = block_length(len(genes), len(profiles.columns))
    n_gaps = []
    with (
        expression_writer(options.out, **about, genes_in=where) as writer,
        closing(one_ahead(profiles.blocks(n_samples))) as blocks,
        closing(one_ahead(_inferred(blocks, model, options))) as results,
        ProgressBar(len(profiles), "Inferring", "profile") as bar,
    ):
        for block, inferred in results:
            if not n_gaps:  # the first block's scale is that of all
                warn_other_scale(block, model)
            n_gaps.append(block.isna().to_numpy().sum(axis=1))
            writer.write(inferred if options.only_inferred else model.complete(block, inferred))
            bar.update(len(block))
    return np.concatenate(n_gaps)


def _inferred(blocks, model, options: argparse.Namespace) -> Iterator[tuple]:
    """Each block with what is inferred from it, after checking that it may be."""
    from sklearn_dgex._commands.values import check_measured

    remedy = TAKE_MEANS if model.is_imputer else "fill them by 'sklearn-dgex convert --fill-gaps'"
    for block in blocks:
        check_measured(
            block, options.profiles, None if options.fill_missing else remedy, more_follow=True
        )
        yield block, model.infer(block)


def _check_landmarks(profiles: NamedProfiles, model, options: argparse.Namespace) -> None:
    """Say how many landmarks the file has, and refuse it if some are missing."""
    from sklearn_dgex._commands.profiles import missing_landmarks
    from sklearn_dgex.utils.genes import listed

    missing, n_all = profiles.missing(model.landmarks), len(model.landmarks)
    print(
        f"Landmarks found: {n_all - len(missing):,} of {n_all:,}, by {profiles.named_by!r}"
        f"{profiles.note}."
    )
    if missing and not options.fill_missing:
        raise missing_landmarks(options.profiles, missing, n_all, TAKE_MEANS)
    if missing:
        print(f"Filled from training means: {len(missing):,} ({listed(missing)}).", flush=True)
