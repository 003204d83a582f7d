"""infer: complete landmark profiles of any number, in blocks."""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path

import numpy as np

from sklearn_dgex._commands.profiles import NamedProfiles, add_naming_options, open_profiles
from sklearn_dgex._commands.streaming import one_ahead

BLOCK_VALUES = 1 << 24  # of the output at a time: 64 MiB of float32
FAR_OFF = 3.0  # standard deviations of a landmark in training


def add(commands) -> None:
    """Add the command to the parser's."""
    infer = commands.add_parser(
        "infer",
        help="complete landmark profiles with a model",
        description="Infer all genes of a model from a file of landmark profiles. The file is read "
        "and the result written in blocks, so both may be larger than the memory (GCTX; other "
        "formats are read whole).",
        formatter_class=argparse.RawDescriptionHelpFormatter,
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
    infer.add_argument(
        "--device", metavar="NAME", help="cpu, cuda or cuda:N (default: a GPU if any)"
    )
    add_naming_options(infer)
    infer.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Infer block by block, and say what was found and written."""
    from sklearn_dgex._commands.models import Inference
    from sklearn_dgex.datasets import expression_writer
    from sklearn_dgex.exceptions import FilledLandmarksWarning

    model = Inference(options.model, options.device)
    if options.fill_missing:
        model.fill_missing()
        warnings.simplefilter("ignore", FilledLandmarksWarning)  # the counts below say more
    genes = model.targets if options.only_inferred else model.genes
    answer = model.infer if options.only_inferred else model.complete
    with open_profiles(options.profiles, options, model.landmarks) as profiles:
        _check_landmarks(profiles, model, options)
        started = time.perf_counter()
        about = {"samples": profiles.samples, "genes": genes}
        where = "columns" if options.genes_in_columns else "rows"
        with expression_writer(options.out, **about, genes_in=where) as writer:
            blocks = one_ahead(profiles.blocks(max(1, BLOCK_VALUES // len(genes))))
            for inferred in one_ahead(map(answer, _watched(blocks, model, len(profiles)))):
                writer.write(inferred)
        seconds = time.perf_counter() - started
    print(
        f"{Path(options.out).resolve()}: {len(profiles):,} samples × {len(genes):,} genes, in "
        f"{seconds:.1f} s ({len(profiles) / seconds:,.0f} profiles a second)"
    )


def _check_landmarks(profiles: NamedProfiles, model, options: argparse.Namespace) -> None:
    """Say how many landmarks the file has, and refuse it if some are missing."""
    from sklearn_dgex.exceptions import GeneMismatchError
    from sklearn_dgex.utils.genes import listed

    there = set(profiles.genes)
    missing = [gene for gene in model.landmarks if gene not in there]
    n_all = len(model.landmarks)
    averaged = ", probes of a gene averaged" if profiles.is_averaged else ""
    print(
        f"Landmarks found: {n_all - len(missing):,} of {n_all:,}, by {profiles.named_by!r}"
        f"{averaged}."
    )
    if missing and not options.fill_missing:
        raise GeneMismatchError(
            f"The file {options.profiles!r} must hold all {n_all} landmarks of the model. Got "
            f"{len(missing)} missing ({listed(missing)}); pass --fill-missing to take their means "
            "in training."
        )
    if missing:
        print(f"Filled from training means: {len(missing):,} ({listed(missing)}).", flush=True)


def _watched(blocks, model, n_samples: int):
    """Pass blocks on, with a progress bar on terminals, a look at their scale, and a count of gaps.

    The first block's scale is that of all; gaps are told at the end.
    """
    from tqdm import tqdm

    n_gaps, n_holed = 0, 0
    with tqdm(total=n_samples, unit=" profiles", disable=not sys.stderr.isatty()) as bar:
        for position, block in enumerate(blocks):
            if position == 0:
                _warn_other_scale(block, model)
            gaps = block.isna().to_numpy().sum(axis=1)
            n_gaps, n_holed = n_gaps + int(gaps.sum()), n_holed + int((gaps > 0).sum())
            yield block
            bar.update(len(block))
    if n_gaps:
        print(f"Missing values filled: {n_gaps:,}, in {n_holed:,} samples.")


def _warn_other_scale(block, model) -> None:
    """Warn of values that training never saw, as of another unit or normalisation."""
    scale = model.training_scale()
    if scale is None:
        return
    mean, deviation = scale
    landmarks = [gene for gene in model.landmarks if gene in block.columns]
    place = {gene: i for i, gene in enumerate(model.landmarks)}
    kept = np.array([place[gene] for gene in landmarks])
    values = block[landmarks].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        far = np.abs(values - mean[kept]) / deviation[kept]
    typical = np.nanmedian(far[np.isfinite(far)]) if np.isfinite(far).any() else 0.0
    if typical > FAR_OFF:
        warnings.warn(
            f"The landmarks lie {typical:.0f} standard deviations from their means in training, as "
            "the median value: the file is in another unit or normalised otherwise, and what is "
            "inferred of it means little; bring it to the scale of the training profiles, or fit "
            "with --quantile.",
            stacklevel=2,
        )
