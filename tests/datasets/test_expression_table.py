"""Tables of expression hold together, and name their genes by a column."""

import numpy as np
import pandas as pd
import pytest

from sklearn_dgex.datasets import ExpressionTable


@pytest.fixture
def table():
    genes = pd.DataFrame({"symbol": ["A", np.nan, "A", ""], "length": [1, 2, 3, 4]}, list("wxyz"))
    expression = pd.DataFrame(np.arange(8.0).reshape(2, 4), ["s1", "s2"], genes.index)
    return ExpressionTable(expression, pd.DataFrame(index=["s1", "s2"]), genes)


def test_genes_take_the_names_of_a_column(table):
    named = table.named_by("symbol")
    assert list(named.expression.columns) == ["A", "A"]  # one of each probe
    assert named.expression.to_numpy().tolist() == [[0, 2], [4, 6]]
    assert named.genes["id"].tolist() == ["w", "y"]
    assert named.samples is table.samples
    assert list(table.named_by("length").expression.columns) == ["1", "2", "3", "4"]
    assert list(table.expression.columns) == list("wxyz")


@pytest.mark.parametrize("mark", [None, pd.NA, "", "---", "-666", " NA "])
def test_genes_without_a_name_are_left_out(table, mark):
    genes = table.genes.assign(symbol=["A", mark, "C", mark])
    named = ExpressionTable(table.expression, table.samples, genes).named_by("symbol")
    assert list(named.expression.columns) == ["A", "C"]


@pytest.mark.parametrize("gap", [np.nan, -666.0])
def test_whole_numbers_beside_a_gap_are_named_without_decimals(table, gap):
    genes = table.genes.assign(entrez=[780.0, gap, 7157.0, 100616408.0])
    named = ExpressionTable(table.expression, table.samples, genes).named_by("entrez")
    assert list(named.expression.columns) == ["780", "7157", "100616408"]


def test_a_column_that_names_no_gene_is_refused(table):
    with pytest.raises(ValueError, match="Got 'name' instead; there are 'symbol', 'length'"):
        table.named_by("name")
    nameless = ExpressionTable(table.expression, table.samples, table.genes.assign(symbol=np.nan))
    with pytest.raises(ValueError, match="Got none for all 4"):
        nameless.named_by("symbol")


def test_metadata_must_be_of_the_same_samples_and_genes(table):
    with pytest.raises(ValueError, match="The index of 'genes' must be the genes of 'expression'"):
        ExpressionTable(table.expression, table.samples, table.genes[::-1])
    with pytest.raises(ValueError, match=r"The index of 'samples'.* Got 1 ids beside 2"):
        ExpressionTable(table.expression, table.samples[:1], table.genes)


def test_repr_is_short_and_says_what_is_there(table):
    assert repr(table).splitlines() == [
        "ExpressionTable: 2 samples × 4 genes, float64",
        "  samples: 's1', 's2'",
        "  genes: 'w', 'x', 'y', …; symbol, length",
    ]
    empty = ExpressionTable(pd.DataFrame(), pd.DataFrame(), pd.DataFrame())
    assert repr(empty).startswith("ExpressionTable: 0 samples × 0 genes")
