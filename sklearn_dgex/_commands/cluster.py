"""cluster: cluster the genes of a table in four views."""

from __future__ import annotations

import argparse

from sklearn_dgex._commands.arguments import ExamplesLast, layers, share_below_one, whole


def add(commands) -> None:
    """Add the command to the parser's."""
    cluster = commands.add_parser(
        "cluster",
        help="cluster the genes of a table: raw, by PCA, by codes, and regenerated",
        description="Cluster the genes of a table as they are, by principal components, by the "
        "codes of a denoising autoencoder, and as it regenerates them. Print how each fares, and "
        "write the clusters and their picture.",
        formatter_class=ExamplesLast,
        epilog="examples:\n"
        "  sklearn-dgex cluster --example\n"
        "  sklearn-dgex cluster genes.csv --labels phase --picture genes.pdf\n"
        "  sklearn-dgex cluster genes.tsv.gz --clusters 8 --hidden 20,5 --use codes\n",
    )
    source = cluster.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "matrix",
        nargs="?",
        metavar="MATRIX",
        help="CSV or TSV file, also .gz: genes in rows, their names in the first column, "
        "conditions in the header; or GCT, GCTX or h5ad",
    )
    source.add_argument(
        "--example",
        action="store_true",
        help="take the embedded 800 yeast genes of Spellman et al. (1998) and their phases",
    )
    cluster.add_argument(
        "--transpose", action="store_true", help="a CSV or TSV MATRIX has genes in columns"
    )
    cluster.add_argument(
        "--labels",
        metavar="NAME",
        help="known classes to compare with: a column of MATRIX, a field that it has about "
        "genes, or a file of two columns, gene and class",
    )
    _add_method(cluster.add_argument_group("method"))
    _add_results(cluster.add_argument_group("results"))
    cluster.set_defaults(run=run)


def _add_method(group) -> None:
    group.add_argument(
        "--clusters",
        type=whole(2),
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
        type=layers,
        metavar="N[,N...]",
        help="units of each hidden layer; the last are the codes (default: 10, and fewer than "
        "conditions)",
    )
    group.add_argument(
        "--corruption",
        type=share_below_one,
        default=0.1,
        metavar="P",
        help="share of values set to zero in training (default: %(default)s)",
    )
    group.add_argument(
        "--seeds",
        type=whole(1),
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


def run(options: argparse.Namespace) -> None:
    """Hand the options on."""
    from sklearn_dgex import _cluster
    from sklearn_dgex._commands.pictures import check_picture

    check_picture(options.picture)
    if options.example and (options.labels or options.transpose):
        raise ValueError(
            "--example must stand without --labels and --transpose, for it brings its own phases. "
            "Got them together; leave them out, or name a table."
        )
    _cluster.run(
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
