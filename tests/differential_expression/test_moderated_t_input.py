"""What moderated_t takes, matches by name, warns of and refuses."""

import warnings

import numpy as np
import pandas as pd
import pytest

from sklearn_dgex.differential_expression import moderated_t
from sklearn_dgex.exceptions import ConstantGeneWarning

GROUPS = np.array(["wt", "wt", "wt", "wt", "mut", "mut", "mut", "mut"])


@pytest.fixture
def expression():
    rng = np.random.default_rng(0)
    names = [f"chip{i}" for i in range(8)]
    return pd.DataFrame(rng.normal(size=(8, 20)), names, [f"G{i:02}" for i in range(20)])


@pytest.fixture
def design(expression):
    trend = np.random.default_rng(1).normal(size=8)
    columns = {"intercept": 1.0, "trend": trend, "mutant": (GROUPS == "mut") * 1.0}
    return pd.DataFrame(columns, index=expression.index)


def same(result, other):
    pd.testing.assert_frame_equal(result, other, rtol=1e-12)
    assert result.attrs == pytest.approx(other.attrs)


# ------------------------------------------------------------------ names and types


def test_the_result_is_named_by_gene(expression):
    result = moderated_t(expression, GROUPS)
    assert result.index.tolist() == expression.columns.tolist()
    assert result.index.name == "gene"
    assert result.columns.tolist() == ["log_fold_change", "t", "p_value", "adjusted_p_value"]
    assert result.attrs["contrast"] == "wt - mut"  # in sorted order, the reference is the first
    unnamed = moderated_t(expression.to_numpy(), GROUPS)
    assert unnamed.index.tolist() == list(range(20))
    np.testing.assert_array_equal(unnamed, result)


@pytest.mark.parametrize("seed", range(5))
def test_groups_and_designs_are_matched_by_sample(expression, design, seed):
    order = np.random.default_rng(seed).permutation(8)
    groups = pd.Series(GROUPS, index=expression.index)
    expected = moderated_t(expression, GROUPS, reference="wt")
    same(moderated_t(expression, groups.iloc[order], reference="wt"), expected)
    same(moderated_t(expression, groups.astype("category").iloc[order], reference="wt"), expected)
    expected = moderated_t(expression, design=design.to_numpy())
    by_name = moderated_t(expression, design=design.iloc[order])
    assert by_name.attrs["contrast"] == "mutant"
    pd.testing.assert_frame_equal(by_name, expected, rtol=1e-12)


def test_without_names_on_one_side_position_is_all_there_is(expression, design):
    expected = moderated_t(expression, GROUPS)
    same(moderated_t(expression, pd.Series(GROUPS)), expected)
    same(moderated_t(expression, list(GROUPS)), expected)
    numbered = pd.Series(GROUPS)[::-1]  # numbers that are on both sides are names
    same(moderated_t(expression.reset_index(drop=True), numbered), expected)
    with pytest.raises(ValueError, match=r"Got 1 missing \('0'\) and 1 unknown \('8'\)"):
        moderated_t(expression.reset_index(drop=True), pd.Series(GROUPS, index=range(1, 9)))
    by_position = moderated_t(expression, design=design.reset_index(drop=True))
    same(by_position, moderated_t(expression, design=design))


def test_columns_are_contrasts_by_name_and_position(expression, design):
    expected = moderated_t(expression, design=design, contrast=[0, 1, 0])
    assert expected.attrs["contrast"] == "+1 × trend"
    for contrast in ["trend", 1, -2, np.int64(1)]:
        result = moderated_t(expression, design=design, contrast=contrast)
        assert result.attrs["contrast"] == "trend"
        pd.testing.assert_frame_equal(result, expected)
    last = moderated_t(expression, design=design)
    same(last, moderated_t(expression, design=design, contrast="mutant"))
    array = moderated_t(expression, design=design.to_numpy(), contrast=1)
    assert array.attrs["contrast"] == "column 1"


@pytest.mark.parametrize("dtype", [np.float32, np.int16, "Float64", object])
def test_any_numbers_do(expression, dtype):
    whole = (expression * 100).round()
    same(moderated_t(whole.astype(dtype), GROUPS), moderated_t(whole, GROUPS))


def test_missing_values_of_every_kind_are_missing(expression):
    holed = expression.copy()
    holed.iloc[2, 3] = holed.iloc[7, 4] = np.nan
    expected = moderated_t(holed, GROUPS)
    same(moderated_t(holed.astype("Float64"), GROUPS), expected)
    nullable = expression.astype("Float64")
    nullable.iloc[2, 3] = nullable.iloc[7, 4] = pd.NA
    same(moderated_t(nullable, GROUPS), expected)


def test_polars_frames_do(expression):
    polars = pytest.importorskip("polars")
    result = moderated_t(polars.from_dict(expression.to_dict("list")), GROUPS)
    same(result, moderated_t(expression, GROUPS))


def test_float32_is_reckoned_in_float64(expression):
    small = expression.astype(np.float32)
    same(moderated_t(small, GROUPS), moderated_t(small.astype(np.float64), GROUPS))


@pytest.mark.parametrize("labels", [(0, 1), (False, True), (1.5, 2.5), ("a", "b")])
def test_labels_of_any_type(expression, labels):
    groups = np.where(GROUPS == "wt", *labels)
    for reference, other in [labels, labels[::-1]]:
        result = moderated_t(expression, groups, reference=reference)
        assert result.attrs["contrast"] == f"{other} - {reference}"
        change = expression[groups == other].mean() - expression[groups == reference].mean()
        np.testing.assert_allclose(result["log_fold_change"], change)


def test_the_input_is_not_touched(expression, design):
    expression.iloc[1, 2] = np.nan
    groups, contrast = pd.Series(GROUPS, index=expression.index), np.array([0.0, 1.0, -1.0])
    given = expression, expression.to_numpy(), design, groups, contrast
    before = [thing.copy() for thing in given]
    moderated_t(expression, groups)
    moderated_t(given[1], design=design, contrast=contrast)
    moderated_t(given[1], design=design.to_numpy(), contrast=contrast)
    for thing, copy in zip(given, before, strict=True):
        np.testing.assert_array_equal(thing, copy)


# ------------------------------------------------------------------ constant genes


def test_constant_genes_are_warned_of(expression):
    expression["G03"], expression["G07"] = 0.1, 3.3
    with pytest.warns(ConstantGeneWarning, match=r"^2 of 20 genes do not vary within") as caught:
        result = moderated_t(expression, GROUPS)
    assert caught[0].filename == __file__
    assert result.loc["G03", "log_fold_change"] == pytest.approx(0, abs=1e-15)
    assert np.isfinite(result).all(axis=None)


@pytest.mark.parametrize("seed", range(40))
def test_genes_constant_but_for_rounding_are_told_from_others(seed):
    """Of any size, beside covariates of any size, in few or many samples."""
    rng = np.random.default_rng(seed)
    n, n_terms = rng.integers(12, 400), rng.integers(1, 8)
    size = 10.0 ** rng.uniform(-3, 3, (2, 1))
    design = np.column_stack([np.ones(n), size[0] * rng.normal(size=(n, n_terms))])
    expression = rng.normal(size=(n, 12)) * size[1]
    expression[:, :5] = rng.uniform(-10, 10, 5) * size[1]
    with pytest.warns(ConstantGeneWarning, match="^5 of 12 genes"):
        moderated_t(expression, design=design)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        moderated_t(expression[:, 5:] * 1e-6 + size[1], design=design)


def test_a_group_of_constants_apart_is_significant_by_the_prior(expression):
    expression["G00"] = (GROUPS == "mut") * 20.0
    with pytest.warns(ConstantGeneWarning, match="^1 of 20"):
        result = moderated_t(expression, GROUPS, reference="wt")
    assert result["p_value"].idxmin() == "G00"
    assert np.isfinite(result.loc["G00", "t"])


@pytest.mark.parametrize("n_genes", [1, 20])
def test_nothing_but_constant_genes_is_refused(n_genes):
    with pytest.raises(ValueError, match=rf"Got {n_genes} genes of which none does; add repl"):
        moderated_t(np.full((8, n_genes), 0.1), GROUPS)
    once_each = np.full((8, n_genes), np.nan)
    once_each[0], once_each[4] = 1.0, 2.0
    with pytest.raises(ValueError, match="Some gene must vary within the groups"):
        moderated_t(once_each, GROUPS)


# ------------------------------------------------------------------ what is refused


def missing_label(kind):
    labels = GROUPS.astype(object).tolist()
    labels[2] = labels[5] = kind
    return labels


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (GROUPS[:7], r"one label for each of the 8 samples. Got shape \(7,\)"),
        (GROUPS[:, None], r"Got shape \(8, 1\)"),
        (["wt"] * 8, r"two different labels. Got 1 \('wt'\); compare more groups by a design"),
        (np.arange(8) % 3, r"Got 3 \('0', '1', '2'\); compare"),
        (missing_label(None), "no missing label. Got 2 missing; leave these samples out"),
        (missing_label(np.nan), "Got 2 missing"),
        (missing_label(pd.NA), "Got 2 missing"),
        (["wt", np.nan] * 4, "Got 4 missing"),  # not a group called "nan"
        (pd.Series(missing_label(None), dtype="string"), "Got 2 missing"),
        (pd.Series(missing_label(None), dtype="category"), "Got 2 missing"),
        ([0.0, np.nan] * 4, "Got 4 missing"),
    ],
)
def test_bad_groups(expression, groups, message):
    with pytest.raises(ValueError, match=message):
        moderated_t(expression, groups)


def test_bad_reference(expression):
    with pytest.raises(ValueError, match=r"one of the two groups \('mut', 'wt'\). Got 'WT' inst"):
        moderated_t(expression, GROUPS, reference="WT")


def test_one_sample_a_group_is_too_few(expression):
    message = r"more samples than coefficients \(2\), .* Got 2 samples; add replicates"
    with pytest.raises(ValueError, match=message):
        moderated_t(expression.iloc[[0, 4]], GROUPS[[0, 4]])


def test_neither_or_both_of_groups_and_design(expression, design):
    with pytest.raises(ValueError, match=r"Either groups or design must be given. Got neither"):
        moderated_t(expression)
    with pytest.raises(ValueError, match="Got both instead"):
        moderated_t(expression, GROUPS, design=design)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.iloc[:7].to_numpy(), r"one row for each of the 8 samples .* Got shape \(7, 3"),
        (lambda d: d["trend"].to_numpy(), r"Got shape \(8,\)"),
        (lambda d: d.iloc[:, :0].to_numpy(), r"at least one column. Got shape \(8, 0\)"),
        (lambda d: d.replace(1.0, np.nan), "design must be finite"),
        (lambda d: d.replace(1.0, np.inf), "design must be finite"),
        (lambda d: d.assign(wild=1.0 - d["mutant"]), "4 columns of rank 3; drop those that follow"),
        (lambda d: d.assign(zero=0.0), "independent. Got 4 columns of rank 3"),
        (lambda d: np.eye(8), r"than coefficients \(8\), .* Got 8 samples"),
        (lambda d: np.ones((8, 11)), r"than coefficients \(11\)"),
    ],
)
def test_bad_designs(expression, design, change, message):
    with pytest.raises(ValueError, match=message):
        moderated_t(expression, design=change(design))


@pytest.mark.parametrize(
    ("contrast", "message"),
    [
        ("dose", r"design's columns \('intercept', 'trend', 'mutant'\). Got 'dose' instead"),
        (3, "the position of one of the design's 3 columns. Got 3 instead"),
        (-4, "Got -4 instead"),
        (True, "a column of the design, or a weight for each of its 3 columns.* Got True"),
        (1.0, "Got 1.0 instead"),
        ([1, 0], r"Got \[1, 0\] instead"),
        ([0, 0, 0], "not all zero"),
        ([1, np.nan, 0], "a weight for each"),
    ],
)
def test_bad_contrasts(expression, design, contrast, message):
    with pytest.raises(ValueError, match=message):
        moderated_t(expression, design=design, contrast=contrast)


def test_other_samples_are_refused(expression, design):
    renamed = {"chip2": "chip99"}
    message = r"{} must have the sample names .* 1 missing \('chip2'\) and 1 unknown \('chip99'\)"
    with pytest.raises(ValueError, match=message.format("groups")):
        moderated_t(expression, pd.Series(GROUPS, index=expression.index).rename(renamed))
    with pytest.raises(ValueError, match=message.format("design")):
        moderated_t(expression, design=design.rename(renamed))
    twice = pd.Series(GROUPS, index=expression.index)[[*expression.index, "chip0"]]
    with pytest.raises(ValueError, match=r"Got 1 again \('chip0'\)"):
        moderated_t(expression, twice)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda e: e.replace(e.iloc[0, 0], np.inf),
            "NaN where missing. Got 1 infinite values; add",
        ),
        (lambda e: e.replace(e.iloc[0, 0], -np.inf), "Got 1 infinite"),
        (lambda e: e.iloc[:, :0], r"at least one of each. Got \(8, 0\)"),
        (lambda e: e["G00"].to_numpy(), r"\(n_samples, n_genes\), .* Got \(8,\)"),
        (lambda e: e.assign(symbol="TP53"), r"must all be numbers. Got 1 .*\('symbol'\)"),
        (lambda e: np.full((8, 2), "TP53"), r"numbers. Got others \(.*TP53.*\); leave annot"),
    ],
)
def test_bad_expression(expression, change, message):
    with pytest.raises(ValueError, match=message):
        moderated_t(change(expression), GROUPS)


def test_an_argument_of_the_other_kind_of_comparison_is_refused(expression, design):
    with pytest.raises(ValueError, match=r"contrast belongs to design. Got it without"):
        moderated_t(expression, np.arange(len(expression)) % 2, contrast=0)
    with pytest.raises(ValueError, match=r"reference belongs to groups. Got it without"):
        moderated_t(expression, design=design, reference="wt")


@pytest.mark.parametrize("values", [[["a"] * 3] * 8, np.full((8, 3), "a"), [[None] * 3] * 8])
def test_a_design_of_words_is_refused(expression, values):
    with pytest.raises(ValueError, match=r"design must (hold numbers|be finite)"):
        moderated_t(expression, design=values)
