"""fit: learn to infer genes from landmark genes, and write the model."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sklearn_dgex._commands.arguments import (
    ExamplesLast,
    add_device_option,
    add_naming_options,
    whole,
)

if TYPE_CHECKING:
    from sklearn_dgex._commands.profiles import NamedProfiles

PRESETS = ("D-GEX", "T-D-GEX", "TR-D-GEX", "C-D-GEX", "CR-D-GEX")


def add(commands) -> None:
    """Add the command to the parser's."""
    fit = commands.add_parser(
        "fit",
        help="learn from whole profiles to infer genes from landmark genes",
        description="Learn from whole measured profiles to infer all other genes from landmark "
        "genes, and write the model, with its card, to share or to infer with.",
        formatter_class=ExamplesLast,
        epilog="examples:\n"
        "  sklearn-dgex fit profiles.gctx --landmarks landmarks.txt --out model.safetensors\n"
        "  sklearn-dgex fit array.gct --probes HG_U133A.chip --landmarks map_lm.txt \\\n"
        "      --targets map_tg.txt --out model.safetensors\n",
    )
    fit.add_argument(
        "expression",
        metavar="EXPRESSION",
        help="whole profiles: GCT, GCTX, CSV, TSV, series matrix of GEO, h5ad; also .gz",
    )
    fit.add_argument(
        "--landmarks",
        required=True,
        metavar="LIST",
        help="file of the genes to infer from: one a line, or the first column of a table",
    )
    fit.add_argument("--out", required=True, metavar="MODEL", help="where to write the model")
    fit.add_argument(
        "--targets", metavar="LIST", help="file of the genes to infer (default: all others)"
    )
    add_naming_options(fit)
    _add_network(fit.add_argument_group("network (default: what the number of samples suggests)"))
    fit.set_defaults(run=run)


def _add_network(group) -> None:
    group.add_argument(
        "--preset", choices=PRESETS, help="the network and training of the papers, of this name"
    )
    group.add_argument("--towers", type=whole(1), metavar="N", help="towers of the network")
    group.add_argument(
        "--width", type=whole(1), metavar="N", help="neurons a layer of a single tower's network"
    )
    group.add_argument("--members", type=whole(1), metavar="N", help="networks to average")
    group.add_argument("--epochs", type=whole(1), metavar="N", help="passes over the samples")
    group.add_argument(
        "--quantile",
        action="store_true",
        help="map landmark values onto their distribution in training, so that profiles of "
        "another scale can be inferred from",
    )
    group.add_argument(
        "--seed", type=whole(0), default=0, metavar="N", help="random seed (default: %(default)s)"
    )
    add_device_option(group)


def run(options: argparse.Namespace) -> None:
    """Read, learn, write, and say how well the genes are inferred."""
    from sklearn_dgex._commands.profiles import open_profiles
    from sklearn_dgex._commands.values import FILL_OR_DROP, check_measured, warn_unlogged
    from sklearn_dgex.datasets import read_gene_list
    from sklearn_dgex.persistence import save
    from sklearn_dgex.persistence._models import card_path, check_model_path

    check_model_path(options.out)
    landmarks = list(dict.fromkeys(read_gene_list(options.landmarks)))
    targets = list(dict.fromkeys(read_gene_list(options.targets))) if options.targets else []
    wanted = [*landmarks, *targets]
    with open_profiles(options.expression, options, wanted, others=not targets) as profiles:
        found = _found(profiles, landmarks, targets, options)
        model = _new_model(options, found)
        frame = profiles.read()
    warn_unlogged(frame)
    check_measured(frame, options.expression, FILL_OR_DROP)
    n_others = frame.shape[1] - len(found)
    print(f"Learning to infer {n_others:,} genes from {len(found):,} landmarks.", flush=True)
    model.fit(frame)
    _say_quality(model)
    _hush(model)
    file = save(model, options.out)
    print(
        f"Model: {file.resolve()} ({file.stat().st_size / 1e6:,.1f} MB), and its card: "
        f"{card_path(file).name}"
    )


def _found(
    profiles: NamedProfiles,
    landmarks: list[str],
    targets: list[str],
    options: argparse.Namespace,
) -> list[str]:
    """Say what the file has of what was asked for, and return the landmarks that it has."""
    n_samples, n_columns = profiles.source.shape
    print(
        f"{Path(options.expression).name}: {n_samples:,} samples × {n_columns:,} columns; "
        f"{len(profiles.genes):,} genes by {profiles.named_by!r}{profiles.note}."
    )
    found = _present(profiles, landmarks, "landmarks", 2, options.expression)
    if targets:
        targets = [gene for gene in targets if gene not in set(landmarks)]
        _present(profiles, targets, "targets", 1, options.expression)
    return found


def _present(
    profiles: NamedProfiles, genes: list[str], what: str, n_least: int, path: str
) -> list[str]:
    from sklearn_dgex.utils.genes import listed

    missing = profiles.missing(genes)
    found = [gene for gene in genes if gene not in set(missing)]
    if len(found) < n_least:
        raise ValueError(
            f"The file {path!r} must hold at least {n_least} of the {len(genes)} {what}. Got "
            f"{len(found)}; check how it names its genes."
        )
    lacking = f"; it lacks {listed(missing)}, and the model does without" if missing else ""
    print(f"{what.capitalize()} found: {len(found):,} of {len(genes):,}{lacking}.", flush=True)
    return found


def _new_model(options: argparse.Namespace, landmarks: list[str]):
    from sklearn.pipeline import make_pipeline

    from sklearn_dgex._dgex import DGEXRegressor
    from sklearn_dgex._imputer import LandmarkImputer
    from sklearn_dgex.preprocessing import QuantileNormalizer

    named = {
        "n_towers": options.towers,
        "width": options.width,
        "n_members": options.members,
        "max_iter": options.epochs,
        "device": options.device,
    }
    parameters = {name: value for name, value in named.items() if value is not None}
    parameters |= {"random_state": options.seed, "verbose": 1 if sys.stderr.isatty() else 0}
    if options.preset:
        regressor = DGEXRegressor.from_paper(options.preset, **parameters)
    else:
        regressor = DGEXRegressor(**parameters)
    if options.quantile:
        regressor = make_pipeline(QuantileNormalizer(), regressor)
    return LandmarkImputer(regressor, landmarks=landmarks)


def _say_quality(model) -> None:
    from sklearn_dgex._commands.quality import TRUSTED, share_trusted

    correlation = model.per_gene_quality_["correlation"]
    if correlation.isna().all():
        print("No samples were held out to measure the quality by.")
        return
    print(
        "On samples held out in training: correlation of the median gene "
        f"{correlation.median():.2f}, above {TRUSTED} for {share_trusted(correlation)} of the "
        "genes."
    )


def _hush(model) -> None:
    """Have the model say nothing in later fits, as if this one had run without a terminal."""
    from sklearn_dgex._commands.models import regressor_of

    for regressor in (model.regressor, model.regressor_):
        regressor_of(regressor).set_params(verbose=0)
