"""The study of many draws: planted quality is found, draws repeat, and what goes wrong is said."""

import io
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wilcoxon
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sklearn_dgex.differential_expression import DEAgreementStudy, de_agreement, moderated_t
from sklearn_dgex.differential_expression._agreement import COUNTS, SCORES
from sklearn_dgex.differential_expression._draws import draw_members
from sklearn_dgex.exceptions import GeneMismatchError

GROUP = np.repeat([0, 1], [34, 30])


@pytest.fixture(scope="module")
def profiles():
    """Two phenotypes, measured and inferred well, with noise, and not at all."""
    rng = np.random.default_rng(0)
    n_genes = 120
    effect = 2.0 * np.outer(GROUP, rng.random(n_genes) < 0.3)
    measured = 8 + rng.normal(size=(64, n_genes)) * rng.gamma(5, 0.2, n_genes) + effect
    noise = rng.normal(size=measured.shape)
    models = {
        "perfect": measured,
        "good": measured + 0.3 * noise,
        "poor": measured + 2.0 * noise,
        "none": rng.normal(size=measured.shape),
    }
    genes = [f"G{i}" for i in range(n_genes)]
    return pd.DataFrame(measured, columns=genes), models


def study(sizes=(8, 20), **parameters):
    return DEAgreementStudy(sizes, **{"n_repeats": 60, "random_state": 0} | parameters)


@pytest.fixture(scope="module")
def fitted(profiles):
    return study().fit(*profiles)


# ------------------------------------------------------------------ planted truth


def test_the_planted_phenotypes_are_the_clusters(fitted):
    """Or lie within them: parts of a cluster may be more distinct than the whole."""
    larger, smaller = fitted.clusters_
    assert len(larger) >= len(smaller) >= 10
    assert {tuple(set(GROUP[rows])) for rows in (larger, smaller)} == {(0,), (1,)}


def test_perfect_inference_scores_one_in_every_draw(fitted):
    perfect = fitted.scores_.xs("perfect", level="model")
    assert (perfect[list(SCORES)] == 1).all(axis=None)
    assert (perfect[["false_positives", "false_negatives"]] == 0).all(axis=None)


def test_better_inference_wins(fitted):
    mean = fitted.scores_.groupby(["sample_size", "model"])[list(SCORES)].mean()
    for size in (8, 20):
        # accuracy and precision also grow by calling nothing: F scores and mcc are asked
        for score in ["f1", "f2", "mcc"]:
            ranked = mean.loc[size, score][["perfect", "good", "poor", "none"]]
            assert ranked.is_monotonic_decreasing, (size, score)
        difference = fitted.differences("good", "poor").loc[size]
        assert difference.loc["p_value", "f1"] < 1e-6
        assert difference.loc["better", "f1"] > 0.8
        assert difference.loc["10%", "f1"] < difference.loc["50%", "f1"]
        assert difference.loc["mean", "false_negatives"] < 0
        assert difference.loc["better", "false_negatives"] > 0.8  # fewer are better


def test_models_that_are_equally_good_are_not_told_apart(profiles):
    measured, _ = profiles
    rng = np.random.default_rng(1)
    twins = {name: measured + 0.8 * rng.normal(size=measured.shape) for name in "ab"}
    difference = study((12,), n_repeats=200).fit(measured, twins).differences("a", "b")
    assert abs(difference.loc[(12, "mean"), "f1"]) < 0.03
    assert 0.3 < difference.loc[(12, "better"), "f1"] < 0.7


# ------------------------------------------------------------------ the draws


def members_of_a_draw(fitted, size, repeat):
    """Rows of both groups, drawn by hand with the study's stream."""
    block, n_blocks = 50, -(-fitted.n_repeats // 50)
    entropy = np.random.RandomState(fitted.random_state).randint(2**31 - 1)
    stream = np.random.SeedSequence([entropy, size]).spawn(n_blocks)[repeat // block]
    n_draws = min(block, fitted.n_repeats - repeat // block * block)
    rng = np.random.default_rng(stream)
    members = [draw_members(rng, n_draws, len(rows), size // 2) for rows in fitted.clusters_]
    return [
        rows[drawn[repeat % block] == 1]
        for rows, drawn in zip(fitted.clusters_, members, strict=True)
    ]


@pytest.mark.parametrize("size", [8, 20])
@pytest.mark.parametrize("repeat", [0, 17, 49, 50, 59])
def test_scores_are_those_of_each_draw_by_itself(fitted, profiles, size, repeat):
    measured, models = profiles
    rows = np.concatenate(members_of_a_draw(fitted, size, repeat))
    groups = np.repeat([0, 1], size // 2)
    truth = moderated_t(measured.to_numpy()[rows], groups)
    for name, inferred in models.items():
        expected = de_agreement(truth, moderated_t(inferred[rows], groups))
        found = fitted.scores_.loc[(size, repeat, name)]
        np.testing.assert_allclose(found[expected.index], expected, rtol=1e-12)


def test_scores_have_a_row_for_each_size_draw_and_model(fitted, profiles):
    scores = fitted.scores_
    assert scores.columns.tolist() == [*SCORES, *COUNTS]
    assert scores.index.names == ["sample_size", "repeat", "model"]
    expected = pd.MultiIndex.from_product([(8, 20), range(60), list(profiles[1])])
    assert scores.index.tolist() == expected.tolist()
    assert (scores[list(COUNTS)].sum(axis=1) == 120).all()
    n_true = (scores["true_positives"] + scores["false_negatives"]).unstack("model")
    assert (n_true.nunique(axis=1) == 1).all()  # a repeat is the same draw for all
    assert n_true["good"].nunique() > 5  # and another one is another


@pytest.mark.parametrize("n_jobs", [1, 2, 3])
def test_scores_do_not_depend_on_the_number_of_workers(fitted, profiles, n_jobs):
    pd.testing.assert_frame_equal(study(n_jobs=n_jobs).fit(*profiles).scores_, fitted.scores_)


def test_a_size_has_the_same_draws_whatever_the_others(fitted, profiles):
    alone = study((20,)).fit(*profiles).scores_
    pd.testing.assert_frame_equal(alone, fitted.scores_.loc[[20]])
    other = study((20,), random_state=1).fit(*profiles).scores_
    assert not alone.equals(other)


def test_a_generator_is_drawn_from(profiles):
    generators = [np.random.RandomState(3) for _ in "ab"]
    first, second = (study((8,), n_repeats=5, random_state=rng) for rng in generators)
    scores = first.fit(*profiles).scores_
    pd.testing.assert_frame_equal(second.fit(*profiles).scores_, scores)
    assert not second.fit(*profiles).scores_.equals(scores)  # goes on


def test_alpha_is_the_level_of_the_calls(profiles):
    called = []
    for alpha in [0.001, 0.05, 0.5]:
        scores = study((12,), alpha=alpha).fit(*profiles).scores_.xs("perfect", level="model")
        called.append(scores["true_positives"].mean())
    assert called[0] < called[1] < called[2]


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("verbose", [0, 1])
def test_progress_is_shown_where_asked(profiles, monkeypatch, verbose, terminal):
    monkeypatch.setattr(sys, "stderr", stream := io.StringIO())
    monkeypatch.setattr(stream, "isatty", lambda: terminal)
    study((8,), n_repeats=3, verbose=verbose).fit(*profiles)
    assert ("8 samples: " in stream.getvalue()) == (verbose and terminal)
    assert ("draw 3/3, took 0" in stream.getvalue()) == (verbose and terminal)


# ------------------------------------------------------------------ input


def test_frames_are_matched_by_gene_and_nothing_is_changed(fitted, profiles):
    measured, models = profiles
    frames = {name: pd.DataFrame(y, columns=measured.columns) for name, y in models.items()}
    order = np.random.default_rng(0).permutation(measured.columns)
    shuffled = {name: frame[order] for name, frame in frames.items()}
    copies = {name: frame.copy() for name, frame in shuffled.items()}
    result = study().fit(measured, shuffled)
    pd.testing.assert_frame_equal(result.scores_, fitted.scores_)
    for name, frame in copies.items():
        pd.testing.assert_frame_equal(shuffled[name], frame)


@pytest.mark.parametrize("nobody", [-1, np.nan, None, pd.NA])
@pytest.mark.parametrize("labels", [("wt", "mutant"), (0, 1), (0.5, 1.5)])
def test_given_clusters_are_drawn_from(profiles, labels, nobody):
    given = [labels[i % 2] if i % 5 else nobody for i in range(64)]
    result = study((8,), n_repeats=4).fit(*profiles, clusters=given)
    for rows, label in zip(result.clusters_, labels[::-1], strict=True):  # as they first appear
        assert rows.tolist() == [i for i in range(64) if i % 5 and labels[i % 2] == label]


def test_given_clusters_may_be_a_series(profiles):
    label = pd.Series(["wt", "mutant", None, "wt"] * 16)
    for dtype in [object, "string", "category"]:
        result = study((8,), n_repeats=4).fit(*profiles, clusters=label.astype(dtype))
        assert list(map(len, result.clusters_)) == [32, 16]


@pytest.mark.parametrize(
    ("clusters", "message"),
    [
        (GROUP[:-1], r"a label for each of the 64 samples. Got shape \(63,\)"),
        (np.zeros(64), r"two labels with at least 10 samples .* Got {'0.0': 64} instead"),
        (np.arange(64) % 3, r"Got {'0': 22, '1': 21, '2': 21}"),
        (np.arange(64) > 58, r"Got {'False': 59, 'True': 5}"),
        (np.full(64, -1), "Got {} instead"),
    ],
)
def test_bad_clusters(profiles, clusters, message):
    with pytest.raises(ValueError, match=message):
        study().fit(*profiles, clusters=clusters)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"sizes": (12, 15)}, r"different even ints of at least 4, .* Got \(12, 15\) instead"),
        ({"sizes": (2,)}, r"Got \(2,\)"),
        ({"sizes": ()}, r"Got \(\)"),
        ({"sizes": (12.0,)}, r"Got \(12.0,\)"),
        ({"sizes": 12}, "Got 12 instead"),
        ({"sizes": (12, 12)}, r"different .* Got \(12, 12\)"),
        ({"n_repeats": 0}, "'n_repeats' parameter must be an int of at least 1. Got 0"),
        ({"n_repeats": 2.0}, "Got 2.0"),
        ({"alpha": 0}, "'alpha' parameter must be a number between 0 and 1. Got 0 instead"),
        ({"alpha": 1.0}, "Got 1.0 instead"),
        ({"sizes": (100,)}, "two clusters of at least 50 samples each"),
    ],
)
def test_bad_parameters(profiles, parameters, message):
    with pytest.raises(ValueError, match=message):
        study(**parameters).fit(*profiles)


def test_bad_predictions(profiles):
    measured, models = profiles
    for wrong, got in [(models["good"], "ndarray"), ({}, "dict"), ([models["good"]], "list")]:
        with pytest.raises(ValueError, match=rf"a dict of at least one model's name .* Got {got}"):
            study().fit(measured, wrong)
    with pytest.raises(ValueError, match=r"shape of y_true, \(64, 120\). Got \(63, 120\)"):
        study().fit(measured, {"short": models["good"][1:]})
    with pytest.raises(ValueError, match="y_pred must be finite"):
        study().fit(measured, {"nan": models["good"] * np.nan})
    other = pd.DataFrame(models["good"]).add_prefix("X")
    with pytest.raises(GeneMismatchError, match="must be the 120 of y_true"):
        study().fit(measured, {"good": models["good"], "other": other})


def test_numpys_ints_are_ints(profiles):
    result = study(np.array([8, 12]), n_repeats=np.int64(3)).fit(*profiles)
    assert len(result.scores_) == 2 * 3 * 4


# ------------------------------------------------------------------ as an estimator, differences


def test_it_is_an_estimator(fitted):
    fresh = clone(fitted)
    assert not hasattr(fresh, "scores_")
    assert fresh.get_params() == fitted.get_params()
    assert repr(fresh.set_params(alpha=0.1)) == (
        "DEAgreementStudy(alpha=0.1, n_repeats=60, random_state=0, sample_sizes=(8, 20))"
    )
    assert DEAgreementStudy().get_params() == {
        "sample_sizes": (12, 16, 20, 30, 40, 60, 80, 120, 160),
        "n_repeats": 10_000,
        "alpha": 0.05,
        "n_clustered": 2000,
        "random_state": None,
        "n_jobs": None,
        "verbose": 0,
    }
    with pytest.raises(NotFittedError):
        fresh.differences("good", "poor")


def test_differences_are_paired_by_draw(fitted):
    table = fitted.differences("good", "poor")
    assert table.shape == (12, 9)
    assert table.loc[20].index.tolist() == ["mean", "10%", "50%", "90%", "better", "p_value"]
    scores = fitted.scores_.loc[20].astype(float)
    difference = scores.xs("good", level="model") - scores.xs("poor", level="model")
    for score in [*SCORES, *COUNTS]:
        d = difference[score]
        expected = [d.mean(), *np.quantile(d, [0.1, 0.5, 0.9])]
        np.testing.assert_allclose(table.loc[20][score][:4], expected, atol=1e-12)
        fewer = score.startswith("false")
        assert table.loc[(20, "better"), score] == np.mean(d < 0 if fewer else d > 0)
        p_value = wilcoxon(d).pvalue if d.any() else 1.0
        assert table.loc[(20, "p_value"), score] == pytest.approx(p_value)


def test_differences_turned_around(fitted):
    one, other = fitted.differences("good", "poor"), fitted.differences("poor", "good")
    for size in (8, 20):
        np.testing.assert_allclose(one.loc[size].loc["mean"], -other.loc[size].loc["mean"])
        np.testing.assert_allclose(one.loc[size].loc["10%"], -other.loc[size].loc["90%"])
        np.testing.assert_allclose(one.loc[size].loc["p_value"], other.loc[size].loc["p_value"])
    itself = fitted.differences("good", "good")
    assert (itself.xs("p_value", level="statistic") == 1).all(axis=None)
    assert (itself.drop("p_value", level="statistic") == 0).all(axis=None)


def test_differences_of_unknown_models(fitted):
    with pytest.raises(ValueError, match=r"one of 'perfect', 'good', .* Got 'best' instead"):
        fitted.differences("good", "best")


def test_clusters_are_matched_by_the_names_of_the_samples():
    rng = np.random.default_rng(0)
    names = [f"s{i}" for i in range(60)]
    label = pd.Series(rng.permutation(np.repeat(["a", "b"], [24, 36])), index=names)
    shift = 3 * np.outer(label == "b", np.arange(40) < 8)
    y = pd.DataFrame(rng.normal(size=(60, 40)) + shift, index=names)
    study = DEAgreementStudy((12,), n_repeats=20, random_state=0)
    plain = study.fit(y, {"same": y}, label).scores_
    assert [len(rows) for rows in study.clusters_] == [36, 24]  # the larger first
    shuffled = label.sample(frac=1.0, random_state=0)
    pd.testing.assert_frame_equal(study.fit(y, {"same": y}, shuffled).scores_, plain)
    assert plain["true_positives"].mean() > 6
    with pytest.raises(ValueError, match=r"Got 1 missing \('s0'\) and 1 unknown \('s99'\)"):
        study.fit(y, {"same": y}, label.rename({"s0": "s99"}))


def test_so_many_samples_are_clustered():
    rng = np.random.default_rng(0)
    y = rng.normal(size=(200, 10)) + 20 * (np.arange(200) % 2)[:, None]
    study = DEAgreementStudy((8,), n_repeats=2, n_clustered=50, random_state=0)
    study.fit(y, {"same": y})
    assert sum(map(len, study.clusters_)) == 50
    assert {len(set(rows % 2)) for rows in study.clusters_} == {1}


def test_predictions_are_matched_by_the_names_of_the_samples():
    rng = np.random.default_rng(0)
    names = [f"s{i}" for i in range(40)]
    y = pd.DataFrame(rng.normal(size=(40, 30)), index=names)
    study = DEAgreementStudy((8,), n_repeats=20, random_state=0)
    study.fit(y, {"same": y[::-1]}, np.arange(40) % 2)
    assert (study.scores_["f1"] == 1).all()


def test_enough_samples_must_be_clustered():
    study = DEAgreementStudy((8, 20), n_clustered=19)
    y = np.random.default_rng(0).normal(size=(40, 5))
    with pytest.raises(ValueError, match=r"'n_clustered' .* sample_sizes, 20. Got 19 instead"):
        study.fit(y, {"same": y})
