"""Pairs of models: the tests are scipy's, Holm's correction is Holm's, and shifts are seen."""

import warnings
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sklearn_dgex.metrics import compare_models, holm

COLUMNS = [
    "mean_difference",
    "relative_difference",
    "better_on",
    "cohens_d",
    "rank_biserial",
    "wilcoxon_p_value",
    "t_p_value",
    "adjusted_p_value",
    "adjusted_t_p_value",
    "verdict",
]


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def errors(seed, n=80, n_models=4, spread=0.02):
    """Errors of models that are a little better one than the other."""
    rng = np.random.default_rng(seed)
    base = rng.gamma(9, 0.03, size=n)
    return {
        f"model{i}": base + 0.004 * i + spread * np.abs(rng.normal(size=n)) for i in range(n_models)
    }


def holm_by_hand(p_values):
    """Smallest level at which Holm's procedure, step by step, rejects each hypothesis."""
    left = dict(enumerate(p_values))
    adjusted, reached = np.empty(len(p_values)), 0.0
    while left:
        smallest = min(left, key=left.get)
        reached = max(reached, min(1.0, len(left) * left.pop(smallest)))
        adjusted[smallest] = reached
    return adjusted


# ------------------------------------------------------------------ against other ways


@pytest.mark.parametrize("seed", range(30))
def test_holm_is_holms(seed):
    rng = np.random.default_rng(seed)
    p_values = rng.beta(0.5, 2, size=rng.integers(1, 12)).round(2 if seed % 2 else 17)
    adjusted = holm(p_values)
    np.testing.assert_allclose(adjusted, holm_by_hand(p_values))
    assert (adjusted >= p_values).all()
    assert (adjusted <= np.minimum(1, p_values * len(p_values))).all()
    order = rng.permutation(len(p_values))
    np.testing.assert_allclose(holm(p_values[order]), adjusted[order])


def test_holm_keeps_the_error_of_all_tests_together():
    rng = np.random.default_rng(0)
    rejected = [holm(rng.random(20)).min() <= 0.05 for _ in range(2000)]
    assert stats.binomtest(sum(rejected), 2000, 1 - (1 - 0.05 / 20) ** 20).pvalue > 0.01
    assert holm([]).tolist() == []


@pytest.mark.parametrize("seed", range(10))
def test_every_pair_is_scipys_test(seed):
    given = errors(seed)
    result = compare_models(given)
    assert result.columns.tolist() == COLUMNS
    assert result.index.tolist() == list(combinations(given, 2))
    assert result.index.names == ["model", "baseline"]
    for (model, baseline), row in result.iterrows():
        a, b = given[model], given[baseline]
        assert row["wilcoxon_p_value"] == pytest.approx(stats.wilcoxon(a, b).pvalue)
        assert row["t_p_value"] == pytest.approx(stats.ttest_rel(a, b).pvalue)
        assert row["mean_difference"] == pytest.approx(a.mean() - b.mean())
        assert row["relative_difference"] == pytest.approx(a.mean() / b.mean() - 1)
        assert row["better_on"] == np.mean(a < b)
        t = stats.ttest_rel(a, b).statistic
        assert row["cohens_d"] == pytest.approx(t / np.sqrt(len(a)))
        ranks = stats.rankdata(np.abs(a - b))
        balance = ranks[a > b].sum() - ranks[a < b].sum()
        assert row["rank_biserial"] == pytest.approx(balance / ranks.sum())
    for adjusted, p_value in [
        ("adjusted_p_value", "wilcoxon_p_value"),
        ("adjusted_t_p_value", "t_p_value"),
    ]:
        np.testing.assert_allclose(result[adjusted], holm_by_hand(result[p_value]))


@pytest.mark.parametrize("seed", range(10))
def test_models_swapped_turn_the_answer_around(seed):
    given = errors(seed, n_models=2)
    one = compare_models(given, alpha=0.05).iloc[0]
    other = compare_models(dict(reversed(given.items())), alpha=0.05).iloc[0]
    for column in ["mean_difference", "cohens_d", "rank_biserial"]:
        assert one[column] == pytest.approx(-other[column])
    assert one["better_on"] == pytest.approx(1 - other["better_on"])
    for column in ["wilcoxon_p_value", "t_p_value", "adjusted_p_value"]:
        assert one[column] == pytest.approx(other[column])
    turned = {"better": "worse", "worse": "better", "no difference": "no difference"}
    assert one["verdict"] == turned[other["verdict"]]


# ------------------------------------------------------------------ verdicts


def test_planted_differences_are_found_and_no_others():
    rng = np.random.default_rng(0)
    base = rng.gamma(9, 0.03, size=400)
    noise = 0.02 * rng.normal(size=(3, 400))
    result = compare_models({"best": base - 0.01, "a": base + noise[0], "b": base + noise[1]})
    assert result["verdict"].tolist() == ["better", "better", "no difference"]
    reverse = compare_models({"a": base + noise[0], "best": base - 0.01})
    assert reverse["verdict"].tolist() == ["worse"]


def test_the_verdict_is_of_the_corrected_p_value():
    given = errors(1, n=40)
    result = compare_models(given, alpha=0.5)
    row = result["adjusted_p_value"].gt(result["wilcoxon_p_value"]).idxmax()
    p_value, adjusted = result.loc[row, ["wilcoxon_p_value", "adjusted_p_value"]]
    between = np.sqrt(p_value * adjusted)
    assert compare_models(given, alpha=between).loc[row, "verdict"] == "no difference"
    assert compare_models(given, alpha=adjusted).loc[row, "verdict"] == "better"


def test_equal_models_seldom_differ():
    rng = np.random.default_rng(2)
    wrong = 0
    for _ in range(300):
        base = rng.gamma(9, 0.03, size=30)
        models = {name: base + 0.05 * rng.exponential(size=30) for name in "abc"}
        wrong += (compare_models(models, alpha=0.05)["verdict"] != "no difference").any()
    assert wrong < stats.binom.ppf(0.995, 300, 0.05)  # of all three tests together


# ------------------------------------------------------------------ ties


def test_identical_models_do_not_differ():
    values = errors(0)["model0"]
    row = compare_models({"a": values, "b": values.copy()}).iloc[0]
    assert row[COLUMNS[:5]].tolist() == [0, 0, 0.5, 0, 0]
    assert row[COLUMNS[5:9]].tolist() == [1, 1, 1, 1]
    assert row["verdict"] == "no difference"


@pytest.mark.parametrize("seed", range(5))
def test_models_that_differ_by_rounding_do_not_differ(seed):
    """The same sums, added up in another order."""
    parts = np.random.default_rng(seed).random((60, 9))
    a, b = parts.sum(axis=1), parts[:, ::-1].sum(axis=1)
    assert (a != b).any()
    row = compare_models({"a": a, "b": b}).iloc[0]
    assert row["cohens_d"] == 0
    assert row[["wilcoxon_p_value", "t_p_value"]].tolist() == [1, 1]


@pytest.mark.parametrize("shift", [0.5, 0.01, 0.1, -0.01, 1e-6])
@pytest.mark.parametrize("base", ["whole", "constant", "random"])
def test_a_constant_shift_is_beyond_any_level(shift, base):
    """Exact or but for rounding."""
    values = {"whole": np.arange(1.0, 31), "constant": np.full(30, 0.1), "random": skewed(30)}
    row = compare_models({"model": values[base] + shift, "baseline": values[base]}).iloc[0]
    assert row["mean_difference"] == pytest.approx(shift)
    assert row["cohens_d"] == np.sign(shift) * np.inf
    assert row["rank_biserial"] == np.sign(shift)
    assert row["better_on"] == float(shift < 0)
    assert row["t_p_value"] == 0
    assert row["wilcoxon_p_value"] < 1e-5
    assert row["verdict"] == ("better" if shift < 0 else "worse")


def skewed(n):
    return np.random.default_rng(0).gamma(2, 0.1, size=n)


def test_ties_count_half_and_have_no_rank():
    model, baseline = np.array([1.0, 1, 1, 1, 5]), np.array([1.0, 1, 2, 3, 1])
    row = compare_models({"model": model, "baseline": baseline}).iloc[0]
    assert row["better_on"] == pytest.approx((2 + 2 / 2) / 5)
    assert row["rank_biserial"] == pytest.approx((3 - 1 - 2) / 6)


def test_two_samples_are_enough():
    row = compare_models({"a": [1.0, 2.0], "b": [1.5, 3.0]}).iloc[0]
    assert row["t_p_value"] == pytest.approx(stats.ttest_rel([1.0, 2.0], [1.5, 3.0]).pvalue)
    assert row["wilcoxon_p_value"] == 0.5


# ------------------------------------------------------------------ input


def test_dicts_frames_and_series_are_the_same():
    given = errors(3)
    expected = compare_models(given)
    frame = pd.DataFrame(given, index=[f"S{i}" for i in range(80)])
    pd.testing.assert_frame_equal(compare_models(frame), expected)
    pd.testing.assert_frame_equal(
        compare_models({name: values.tolist() for name, values in given.items()}), expected
    )
    order = np.random.default_rng(0).permutation(frame.index)
    shuffled = {"model0": frame["model0"].loc[order]}
    shuffled |= {name: frame[name] for name in frame if name != "model0"}
    result = compare_models(shuffled)  # series are matched by their index
    for column in COLUMNS[:-1]:
        np.testing.assert_allclose(result[column], expected[column])
    assert not np.allclose(
        compare_models({**given, "model0": frame["model0"].loc[order].to_numpy()})["cohens_d"],
        expected["cohens_d"],
    )
    pd.testing.assert_frame_equal(frame, pd.DataFrame(given, index=frame.index))


def test_the_input_is_not_touched():
    values = np.array([0.1, 0.2, 0.3])
    a, b = values.copy(), np.nextafter(values, 1)
    frame = pd.DataFrame({"a": a, "b": b})
    for given in [{"a": a, "b": b}, frame]:
        compare_models(given)
    np.testing.assert_array_equal(b, np.nextafter(values, 1))
    np.testing.assert_array_equal(frame.to_numpy(), np.column_stack([a, b]))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"a": [1.0, 2.0]},
            "at least two models and two samples. Got 1 models and 2 samples instead",
        ),
        ({"a": [1.0], "b": [2.0]}, "Got 2 models and 1 samples"),
        ({}, "Got 0 models"),
        ({"a": [1.0, 2.0], "b": [1.0]}, r"of the same samples. Got shapes {'a': \(2,\), 'b': \(1,"),
        ({"a": np.ones((2, 2)), "b": np.ones((2, 2))}, r"'a': \(2, 2\).*pass per_sample_mae of"),
        ({"a": [1.0, np.nan], "b": [1.0, 2.0]}, r"must be finite. Got others for \['a'\]"),
        ({"a": [1.0, 2.0], "b": [1.0, np.inf]}, r"\['b'\]; leave these"),
        (
            {"a": pd.Series([1.0, 2.0]), "b": pd.Series([1.0, 2.0], index=[1, 2])},
            r"errors of 'a' must have the sample names .* Got 1 missing \('2'\) and 1 unknown",
        ),
        (
            pd.DataFrame(np.ones((3, 2)), columns=["a", "a"]),
            r"of different names. Got \['a', 'a'\]",
        ),
        (np.ones((3, 2)), "must be a dict or frame .* Got ndarray instead"),
    ],
)
def test_bad_errors(given, message):
    with pytest.raises(ValueError, match=message):
        compare_models(given)


@pytest.mark.parametrize("alpha", [0, 1, -0.1, 5])
def test_alpha_is_a_level(alpha):
    with pytest.raises(ValueError, match=f"'alpha' .* between 0 and 1. Got {alpha} instead"):
        compare_models(errors(0), alpha=alpha)


@pytest.mark.parametrize("first", ["array", "counted"])
def test_named_samples_are_matched_whatever_stands_before_them(first):
    rng = np.random.default_rng(0)
    names = [f"s{i}" for i in range(20)]
    b = pd.Series(rng.random(20) + 1, index=names)
    a = rng.random(20) + 2
    a = a if first == "array" else pd.Series(a)
    result = compare_models({"a": a, "b": b, "c": (b - 0.05)[::-1]})
    assert result.loc[("b", "c"), "better_on"] == 0.0
    assert result.loc[("a", "b"), "mean_difference"] == pytest.approx(np.mean(a) - b.mean())
