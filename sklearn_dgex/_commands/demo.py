"""demo: train on embedded real profiles and compare with simpler methods."""

from __future__ import annotations

import argparse

from sklearn_dgex._commands.arguments import ExamplesLast, whole


def add(commands) -> None:
    """Add the command to the parser's."""
    demo = commands.add_parser(
        "demo",
        help="train on embedded real profiles and compare with simpler methods",
        description="Train on the embedded E. coli profiles, compare with simpler methods on "
        "conditions never seen in training, and draw the result.",
        formatter_class=ExamplesLast,
        epilog="examples:\n  sklearn-dgex demo --targets 200\n  sklearn-dgex demo --files ecoli\n",
    )
    demo.add_argument(
        "--picture",
        default="sklearn_dgex_demo.png",
        metavar="FILE",
        help="where to write the picture (default: %(default)s)",
    )
    demo.add_argument(
        "--targets",
        type=whole(1),
        metavar="N",
        help="infer only the first N target genes, for a quick look (default: all 3,523)",
    )
    demo.add_argument(
        "--files",
        metavar="FOLDER",
        help="only write the profiles as files, to try the other commands with",
    )
    demo.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Hand the options on."""
    from sklearn_dgex import _demo
    from sklearn_dgex._commands.pictures import check_picture

    if options.files:
        _demo.write_files(options.files)
        return
    check_picture(options.picture)
    _demo.run(picture=options.picture, n_targets=options.targets)
