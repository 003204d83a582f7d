"""The command line: sklearn-dgex, or python -m sklearn_dgex."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Sequence

from sklearn_dgex import __version__
from sklearn_dgex.exceptions import DivergedError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name, and return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    except (DivergedError, OSError, ValueError) as error:  # what the package raises on purpose
        print(f"sklearn-dgex: error: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sklearn-dgex",
        description="Infer thousands of genes from landmark genes, and cluster genes.",
    )
    parser.add_argument("--version", action="version", version=f"sklearn_dgex {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_demo(commands)
    _add_cluster(commands)
    return parser


def _add_demo(commands) -> None:
    demo = commands.add_parser(
        "demo",
        help="train on embedded real profiles and compare with simpler methods",
        description="Train on the embedded E. coli profiles, compare with simpler methods on "
        "conditions never seen in training, and draw the result.",
    )
    demo.add_argument(
        "--picture",
        default="sklearn_dgex_demo.png",
        metavar="FILE",
        help="where to write the picture (default: %(default)s)",
    )
    demo.add_argument(
        "--targets",
        type=_whole(1),
        metavar="N",
        help="infer only the first N target genes, for a quick look (default: all 3,523)",
    )
    demo.set_defaults(run=_run_demo)


def _add_cluster(commands) -> None:
    cluster = commands.add_parser(
        "cluster",
        help="cluster the genes of a table: raw, by PCA, by codes, and regenerated",
        description="Cluster the genes of a table as they are, by principal components, by the "
        "codes of a denoising autoencoder, and as it regenerates them. Print how each fares, and "
        "write the clusters and their picture.",
    )
    source = cluster.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "matrix",
        nargs="?",
        metavar="MATRIX",
        help="CSV or TSV file, also .gz: genes in rows, their names in the first column, "
        "conditions in the header",
    )
    source.add_argument(
        "--example",
        action="store_true",
        help="take the embedded 800 yeast genes of Spellman et al. (1998) and their phases",
    )
    cluster.add_argument("--transpose", action="store_true", help="MATRIX has genes in columns")
    cluster.add_argument(
        "--labels",
        metavar="NAME",
        help="known classes to compare with: a column of MATRIX, or a file of two columns, gene "
        "and class",
    )
    _add_method(cluster.add_argument_group("method"))
    _add_results(cluster.add_argument_group("results"))
    cluster.set_defaults(run=_run_cluster)


def _add_method(group) -> None:
    group.add_argument(
        "--clusters",
        type=_whole(2),
        metavar="K",
        help="number of clusters (default: the number of known classes)",
    )
    group.add_argument(
        "--algorithm",
        choices=["kmeans", "spectral"],
        default="kmeans",
        help="clusterer (default: %(default)s)",
    )
    group.add_argument(
        "--hidden",
        type=_layers,
        metavar="N[,N...]",
        help="units of each hidden layer; the last are the codes (default: 10, and fewer than "
        "conditions)",
    )
    group.add_argument(
        "--corruption",
        type=_share,
        default=0.1,
        metavar="P",
        help="share of values set to zero in training (default: %(default)s)",
    )
    group.add_argument(
        "--seeds",
        type=_whole(1),
        default=5,
        metavar="N",
        help="runs to average over (default: %(default)s)",
    )


def _add_results(group) -> None:
    group.add_argument(
        "--use",
        choices=["raw", "pca", "codes", "regenerated"],
        default="regenerated",
        help="whose clusters to write and draw (default: %(default)s)",
    )
    group.add_argument(
        "--output",
        default="sklearn_dgex_clusters.csv",
        metavar="FILE",
        help="where to write the clusters (default: %(default)s)",
    )
    group.add_argument(
        "--picture",
        default="sklearn_dgex_clusters.png",
        metavar="FILE",
        help="where to write the picture (default: %(default)s)",
    )


def _whole(least: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise argparse.ArgumentTypeError(
                f"must be an integer of at least {least}. Got {text!r} instead."
            )
        return number

    return parse


def _layers(text: str) -> tuple[int, ...]:
    try:
        return tuple(_whole(1)(part) for part in text.split(","))
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(
            f"must be integers of at least 1, with commas between. Got {text!r} instead."
        ) from None


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise argparse.ArgumentTypeError(f"must be a number in [0, 1). Got {text!r} instead.")
    return share


def _run_demo(options: argparse.Namespace) -> int:
    from sklearn_dgex._demo import run

    run(picture=options.picture, n_targets=options.targets)
    return 0


def _run_cluster(options: argparse.Namespace) -> int:
    from sklearn_dgex._cluster import run

    if options.example and (options.labels or options.transpose):
        raise ValueError(
            "--example must stand without --labels and --transpose, for it brings its own phases. "
            "Got them together; leave them out, or name a table."
        )
    with warnings.catch_warnings():
        # the sentence alone, without the line of code
        warnings.showwarning = lambda message, *_, **__: print(
            f"sklearn-dgex: warning: {message}", file=sys.stderr
        )
        run(
            options.matrix,
            labels=options.labels,
            n_clusters=options.clusters,
            algorithm=options.algorithm,
            hidden=options.hidden,
            corruption=options.corruption,
            n_seeds=options.seeds,
            transpose=options.transpose,
            use=options.use,
            output=options.output,
            picture=options.picture,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
