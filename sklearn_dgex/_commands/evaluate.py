"""evaluate: compare what a model infers with what was measured."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sklearn_dgex._commands.arguments import ExamplesLast, add_device_option, add_naming_options

if TYPE_CHECKING:
    import pandas as pd


def add(commands) -> None:
    """Add the command to the parser's."""
    evaluate = commands.add_parser(
        "evaluate",
        help="compare what a model infers with measured profiles",
        description="Infer from the landmarks of whole measured profiles, which must not have been "
        "in the fit, and compare with what was measured.",
        formatter_class=ExamplesLast,
        epilog="examples:\n"
        "  sklearn-dgex evaluate model.safetensors measured.gctx --out genes.csv\n",
    )
    evaluate.add_argument("model", metavar="MODEL", help="file that 'sklearn-dgex fit' wrote")
    evaluate.add_argument(
        "expression", metavar="EXPRESSION", help="whole profiles, in any format that fit reads"
    )
    evaluate.add_argument(
        "--out", metavar="TABLE", help="where to write the figures of each gene, as CSV"
    )
    add_device_option(evaluate)
    add_naming_options(evaluate)
    evaluate.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Infer, compare, and print the figures."""
    import pandas as pd

    from sklearn_dgex._commands.models import Inference
    from sklearn_dgex._commands.profiles import missing_landmarks, open_profiles
    from sklearn_dgex._commands.values import warn_other_scale
    from sklearn_dgex.metrics import best_inferred_genes, mmae
    from sklearn_dgex.utils.files import check_target, write_aside

    if options.out:
        check_target(options.out)
    model = Inference(options.model, options.device)
    with open_profiles(options.expression, options, [*model.landmarks, *model.targets]) as profiles:
        missing = profiles.missing(model.landmarks)
        if missing:
            raise missing_landmarks(options.expression, missing, len(model.landmarks), "add them")
        frame = profiles.read()
    measured = [gene for gene in model.targets if gene in frame.columns]
    _check(frame, measured, options.expression)
    warn_other_scale(frame[model.landmarks], model)
    inferred = pd.DataFrame(
        model.infer(frame[model.landmarks]), index=frame.index, columns=model.targets
    )[measured]
    genes = best_inferred_genes(frame[measured], inferred, random_state=0)
    print(
        f"{Path(options.expression).name}: {len(frame):,} samples, {len(model.landmarks):,} "
        f"landmarks, {len(measured):,} of {len(model.targets):,} inferred genes measured."
    )
    _print_figures(genes, mmae(frame[measured], inferred))
    if options.out:
        with write_aside(options.out, suffix=Path(options.out).suffix) as aside:
            genes.rename_axis("gene").to_csv(aside)
        print(f"Genes: {Path(options.out).resolve()}")


def _print_figures(genes: pd.DataFrame, error: float) -> None:
    from sklearn_dgex._commands.quality import TRUSTED, share_trusted

    correlation = genes["correlation"]
    rows = {
        "mean absolute error": f"{error:.4g}",
        "correlation of the median gene": f"{correlation.median():.3f}",
        f"genes with a correlation above {TRUSTED}": share_trusted(correlation),
        "genes told from others better than 95 % are by chance": (
            f"{genes['is_best_inferred'].mean():.0%}"
        ),
    }
    width = max(map(len, rows))
    print("\n".join(f"  {name.ljust(width)}  {value:>8}" for name, value in rows.items()))


def _check(frame, measured: list[str], path: str) -> None:
    from sklearn_dgex._commands.values import FILL_OR_DROP, check_measured

    if not measured or len(frame) < 3:
        raise ValueError(
            f"The file {path!r} must hold measured values of inferred genes, for three samples at "
            f"least. Got {len(measured)} genes and {len(frame)} samples; pass whole profiles."
        )
    check_measured(frame, path, FILL_OR_DROP)
