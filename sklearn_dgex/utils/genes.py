"""Gene names: read from a table, checked against a model's, and put in its order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from sklearn_dgex.exceptions import GeneMismatchError

N_NAMES_SHOWN = 5
NO_GENE = {"", "---", "-666", "NA"}  # Affymetrix writes "---", the Connectivity Map "-666"


def is_no_gene(name) -> bool:
    """Whether a table names no gene here: None, NaN, NA, empty, "---", "-666" or "NA"."""
    return (not isinstance(name, str) and pd.isna(name)) or str(name).strip() in NO_GENE


def gene_names(table) -> np.ndarray | None:
    """Return the names of a frame's columns if all are strings, else None."""
    columns = getattr(table, "columns", None)
    if columns is None or not all(isinstance(name, str) for name in columns):
        return None
    return np.asarray(columns, dtype=object)


def check_string_names(table, *, noun: str = "gene") -> None:
    """Raise a ValueError if a frame names its columns by other things than strings.

    Nothing would match such names, Entrez ids as int for example, and columns in another order
    would be mistaken for each other. Columns that are only counted, 0, 1, 2 …, have no names.
    """
    labels = list(getattr(table, "columns", ()))
    others = [label for label in labels if not isinstance(label, str)]
    if others and labels != list(range(len(labels))):
        raise ValueError(
            f"The column names of a frame of {noun}s must be strings. Got others, such as "
            f"{listed(others)}, instead; convert them, and what else names {noun}s, to strings: "
            "X.columns = X.columns.astype(str)."
        )


def check_unique_genes(names: np.ndarray | None, *, what: str, noun: str = "gene") -> None:
    """Raise :class:`GeneMismatchError` if a name stands twice."""
    if names is None:
        return
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise GeneMismatchError(
            f"Every {what} {noun} must stand once. Got {len(repeated)} duplicated "
            f"({listed(repeated)}); collapse them, for example by their mean, or drop all but one."
        )


def align_genes(table, names: Sequence[str] | None, *, what: str, noun: str = "gene"):
    """Return the table with its genes in the order of ``names``.

    A table without string names, or a model fitted without any, is returned as it is.

    Raises
    ------
    GeneMismatchError
        If genes are missing, unknown or duplicated; the message lists the diff.
    """
    given = gene_names(table)
    if names is None or given is None:
        return table
    in_order = gene_order(given, names, what=what, noun=noun) is None
    return table if in_order else table[list(names)]


def gene_order(
    given: np.ndarray,
    names: Sequence[str],
    *,
    what: str,
    noun: str = "gene",
    owner: str = "the fitted model",
) -> list[int] | None:
    """Positions in ``given`` of the genes ``names`` of ``owner``; None where they agree already.

    Raises
    ------
    GeneMismatchError
        As :func:`align_genes` does.
    """
    if list(given) == list(names):
        return None
    check_unique_genes(given, what=what, noun=noun)
    position = {name: i for i, name in enumerate(given)}
    expected = set(names)
    missing = [name for name in names if name not in position]
    unknown = [name for name in given if name not in expected]
    if missing or unknown:
        raise GeneMismatchError(
            _diff(missing, unknown, len(names), what=f"{what} {noun}s", owner=owner)
        )
    return [position[name] for name in names]


def _diff(missing: list[str], unknown: list[str], n_expected: int, *, what: str, owner: str) -> str:
    lines = [f"The {what} must be the {n_expected} of {owner}."]
    if missing:
        lines.append(f"  - missing from the table ({len(missing)}): {listed(missing)}")
    if unknown:
        lines.append(f"  + unknown to {owner} ({len(unknown)}): {listed(unknown)}")
    lines.append("Their order does not matter; select or rename the columns to match.")
    return "\n".join(lines)


def listed(names: Sequence[str]) -> str:
    """Quote the first few names for a message."""
    shown = ", ".join(map(repr, names[:N_NAMES_SHOWN]))
    return shown + (", …" if len(names) > N_NAMES_SHOWN else "")
