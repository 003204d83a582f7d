import numpy as np
import pandas as pd
import pytest

from sklearn_dgex.exceptions import GeneMismatchError
from sklearn_dgex.utils.genes import (
    align_genes,
    check_string_names,
    check_unique_genes,
    gene_names,
    gene_order,
    is_no_gene,
)


def polars_frame(columns):
    return pytest.importorskip("polars").DataFrame(columns)


both_frames = pytest.mark.parametrize(
    "frame", [pd.DataFrame, polars_frame], ids=["pandas", "polars"]
)


@both_frames
@pytest.mark.parametrize("seed", range(5))
def test_genes_in_any_order_are_put_in_the_models(frame, seed):
    rng = np.random.default_rng(seed)
    values = {f"G{i}": rng.normal(size=3) for i in range(8)}
    shuffled = frame({name: values[name] for name in rng.permutation(list(values))})
    aligned = align_genes(shuffled, list(values), what="landmark")
    assert list(aligned.columns) == list(values)
    np.testing.assert_array_equal(aligned.to_numpy(), np.column_stack(list(values.values())))


@both_frames
def test_a_table_in_order_is_returned_itself(frame):
    table = frame({"A": [1.0], "B": [2.0]})
    assert align_genes(table, ["A", "B"], what="landmark") is table


@pytest.mark.parametrize(
    ("table", "names"),
    [
        (pd.DataFrame([[1.0, 2.0]], columns=["B", "A"]), None),  # a model without names
        (pd.DataFrame([[1.0, 2.0]]), ["A", "B"]),  # a table without
        (np.ones((1, 2)), ["A", "B"]),
    ],
)
def test_without_names_on_one_side_position_is_all_there_is(table, names):
    assert align_genes(table, names, what="landmark") is table


def test_order_is_positions_in_the_given_names_and_none_where_they_agree():
    assert gene_order(["A", "B"], np.array(["A", "B"]), what="y_pred") is None
    assert gene_order(["C", "A", "B"], ["A", "B", "C"], what="y_pred") == [1, 2, 0]
    with pytest.raises(
        GeneMismatchError, match=r"The y_pred genes must be the 1 of y_true\."
    ) as error:
        gene_order(["B"], ["A"], what="y_pred", owner="y_true")
    assert "+ unknown to y_true (1): 'B'" in str(error.value)


def test_names_are_those_of_string_columns_alone():
    assert gene_names(pd.DataFrame(columns=["A", "B"])).tolist() == ["A", "B"]
    assert gene_names(pd.DataFrame(columns=["A", 1])) is None
    assert gene_names(np.ones((2, 2))) is None


@both_frames
def test_missing_and_unknown_genes_are_a_diff(frame):
    table = frame({"TP53": [1.0], "NEW": [2.0]})
    with pytest.raises(GeneMismatchError) as error:
        align_genes(table, ["TP53", "MYC", "EGFR"], what="landmark")
    assert str(error.value).splitlines() == [
        "The landmark genes must be the 3 of the fitted model.",
        "  - missing from the table (2): 'MYC', 'EGFR'",
        "  + unknown to the fitted model (1): 'NEW'",
        "Their order does not matter; select or rename the columns to match.",
    ]


def test_a_diff_has_no_empty_line_and_shows_five_names():
    names = [f"G{i}" for i in range(9)]
    with pytest.raises(GeneMismatchError) as error:
        align_genes(pd.DataFrame([[1.0]], columns=["G0"]), names, what="target")
    assert "(8): 'G1', 'G2', 'G3', 'G4', 'G5', …\n" in str(error.value)
    assert "unknown" not in str(error.value)


def test_a_gene_that_stands_twice_is_named():
    table = pd.DataFrame([[1.0, 2.0, 3.0, 4.0]], columns=["A", "B", "A", "C"])
    with pytest.raises(GeneMismatchError, match=r"1 duplicated \('A'\)"):
        align_genes(table, ["A", "B", "C"], what="landmark")
    check_unique_genes(None, what="landmark")
    check_unique_genes(np.array(["A", "B"]), what="landmark")


@pytest.mark.parametrize(
    "name",
    [None, np.nan, pd.NA, pd.NaT, "", "  ", "---", " --- ", "-666", -666, "NA", np.str_("NA")],
)
def test_marks_of_no_gene(name):
    assert is_no_gene(name) is True


@pytest.mark.parametrize("name", ["TP53", "NAT1", "na", "-", "-6667", 7157, 0])
def test_other_marks_name_genes(name):
    assert is_no_gene(name) is False


@pytest.mark.parametrize(
    "columns", [[7157, 4609], [1, 0], [1, 2], ["TP53", 1], [0.5, 1.5], [None, "TP53"]], ids=str
)
def test_names_that_nothing_would_match_are_refused(columns):
    with pytest.raises(
        ValueError, match=r"of a frame of probes must be strings\. Got others, such"
    ):
        check_string_names(pd.DataFrame(np.ones((2, 2)), columns=columns), noun="probe")


def test_it_says_how_to_make_names_strings():
    table = pd.DataFrame([[1.0, 2.0]], columns=[7157, 4609])
    with pytest.raises(ValueError, match=r"to strings: X.columns = X.columns.astype\(str\)\.$"):
        check_string_names(table)
    table.columns = table.columns.astype(str)
    check_string_names(table)


@pytest.mark.parametrize(
    "table", [np.ones((2, 2)), pd.DataFrame(np.ones((2, 2))), pd.DataFrame(columns=["A", "B"])]
)
def test_strings_and_columns_that_are_only_counted_are_not(table):
    check_string_names(table)
