"""Whole profiles of landmark profiles: the planted truth comes back, under its names."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge

from sklearn_dgex import DGEXRegressor, LandmarkImputer
from sklearn_dgex.baselines import LincsRegression
from sklearn_dgex.exceptions import GeneMismatchError, UnknownGenesWarning


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_planted_targets_come_back(fitted, new, landmarks):
    completed = fitted.set_output(transform="pandas").transform(new[landmarks])
    pd.testing.assert_frame_equal(completed, new, check_exact=False, atol=1e-8)
    pd.testing.assert_frame_equal(completed[landmarks], new[landmarks])  # as measured, to the bit


def test_the_regressor_is_given_landmarks_and_targets_by_name(fitted, new, landmarks, targets):
    assert list(fitted.regressor_.feature_names_in_) == landmarks == fitted.landmarks_.tolist()
    assert list(fitted.regressor_.target_names_in_) == targets == fitted.targets_.tolist()
    by_hand = LincsRegression().fit(new[landmarks], new[targets]).predict(new[landmarks])
    refitted = fitted.fit(new)
    np.testing.assert_array_equal(refitted.infer(new), by_hand)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_genes_does_not_matter(fitted, new, landmarks, seed):
    expected = fitted.transform(new)
    rng = np.random.default_rng(seed)
    for columns in (list(new), landmarks, [*landmarks, "T0003"]):
        np.testing.assert_array_equal(fitted.transform(new[rng.permutation(columns)]), expected)


def test_whole_profiles_are_read_as_landmark_profiles(fitted, new, landmarks, targets):
    spoilt = new.assign(**dict.fromkeys(targets, np.nan))
    np.testing.assert_array_equal(fitted.transform(spoilt), fitted.transform(new[landmarks]))
    noisy = new + np.random.default_rng(0).normal(size=new.shape)
    noisy[landmarks] = new[landmarks]
    completed = fitted.fit_transform(noisy)
    assert not np.allclose(completed, noisy)  # the targets are inferred, not what was given
    np.testing.assert_array_equal(completed, fitted.transform(noisy[landmarks]))


def test_keep_measured_infers_the_rest_alone(fitted, new, landmarks):
    fitted.set_params(keep_measured=True)  # no new fit needed
    table = new[[*landmarks, "T0002", "T0005"]].copy()
    table["T0002"] += 7.0
    table.loc[table.index[:5], "T0002"] = np.nan
    completed = pd.DataFrame(fitted.transform(table), new.index, list(new))
    pd.testing.assert_series_equal(completed["T0002"][5:], table["T0002"][5:])
    np.testing.assert_allclose(completed["T0002"][:5], new["T0002"][:5])
    np.testing.assert_allclose(completed.drop(columns="T0002"), new.drop(columns="T0002"))
    np.testing.assert_allclose(fitted.infer(table), new[fitted.targets_])
    whole = new + 1.0  # all is measured, so nothing is inferred
    np.testing.assert_array_equal(fitted.transform(whole), whole)


def test_arrays_are_whole_profiles_or_landmarks_in_order(imputer, whole, landmarks):
    X = whole.to_numpy()
    positions = [list(whole).index(name) for name in landmarks]
    model = imputer(landmarks=positions).fit(X[:40])
    assert model.landmarks_.tolist() == positions
    np.testing.assert_allclose(model.transform(X[40:]), X[40:])
    np.testing.assert_array_equal(
        model.transform(X[40:][:, positions]), model.transform(X[40:].tolist())
    )
    np.testing.assert_array_equal(model.infer(X[40:]).columns, np.setdiff1d(range(20), positions))
    for n_columns in (7, 9, 19, 21):
        with pytest.raises(ValueError, match=f"X has {n_columns} features, but LandmarkImputer is"):
            model.transform(np.ones((3, n_columns)))


def test_arrays_may_mark_genes_to_infer_by_nan(imputer, whole, landmarks):
    X = whole.to_numpy()
    positions = [list(whole).index(name) for name in landmarks]
    for keep_measured in (False, True):
        model = imputer(landmarks=positions, keep_measured=keep_measured).fit(X[:40])
        gappy = X[40:].copy()
        gappy[:, model.target_indices_[::2]] = np.nan
        np.testing.assert_allclose(model.transform(gappy), X[40:])


@pytest.mark.parametrize("columns", [slice(None), slice(0, 8)])
def test_an_array_beside_names_is_warned_of(fitted, new, columns):
    with pytest.warns(UserWarning, match="LandmarkImputer was fitted with feature names"):
        fitted.transform(new.to_numpy()[:, columns])


@pytest.mark.parametrize("columns", [slice(None), slice(0, 3)])
def test_names_beside_an_array_are_warned_of(imputer, whole, columns):
    model = imputer(landmarks=[0, 1, 2]).fit(whole.to_numpy())
    with pytest.warns(UserWarning, match="LandmarkImputer was fitted without feature names"):
        completed = model.transform(whole.iloc[:, columns])
    np.testing.assert_array_equal(completed, model.transform(whole.to_numpy()))


def test_columns_that_are_only_counted_have_no_names(imputer, whole):
    """A frame of whole profiles without names is the array that it holds."""
    X = whole.to_numpy()
    expected = imputer(landmarks=[5, 0, 9]).fit(X[:40]).transform(X[40:])
    model = imputer(landmarks=[5, 0, 9]).fit(pd.DataFrame(X[:40]))
    assert not hasattr(model, "feature_names_in_")
    np.testing.assert_array_equal(model.transform(pd.DataFrame(X[40:])), expected)
    np.testing.assert_array_equal(model.transform(pd.DataFrame(X[40:, [5, 0, 9]])), expected)


@pytest.mark.parametrize("names", [range(1, 21), range(19, -1, -1), ["L", *range(5, 24)]], ids=str)
def test_names_that_are_no_strings_are_refused(fitted, imputer, whole, names):
    """They would be taken by position, in whatever order they stand."""
    numbered = whole.set_axis(list(names), axis=1)
    model = imputer(landmarks=[2, 1]).fit(whole.to_numpy())
    for use in (imputer(landmarks=[2, 1]).fit, model.transform, model.infer, fitted.transform):
        with pytest.raises(ValueError, match="names of a frame of genes must be strings"):
            use(numbered)
    for landmarks in (numbered.iloc[:, [2, 1]], numbered.iloc[:, [1, 2]]):
        with pytest.raises(ValueError, match="names of a frame of genes must be strings"):
            model.transform(landmarks)


@pytest.mark.parametrize("landmarks", [[0, 1, 2, 3], [3, 1, 0, 2], [19, 4, 7], [0]], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_genes_come_out_in_the_order_of_the_fit(imputer, whole, landmarks, dtype):
    X = whole.to_numpy().astype(dtype)
    model = imputer(landmarks=landmarks, keep_measured=True).fit(X[:40])
    completed = model.transform(X[40:])  # all is measured
    np.testing.assert_array_equal(completed, X[40:])
    assert completed.dtype == dtype
    assert completed.flags.c_contiguous


def test_unknown_genes_are_ignored_with_one_warning(fitted, new, landmarks):
    extra = {f"X{i}": 0.0 for i in range(7)} | {"tissue": "lung"}  # words do no harm
    table = new[landmarks].assign(**extra)
    with pytest.warns(UnknownGenesWarning) as caught:
        completed = fitted.transform(table)
    (warning,) = caught
    assert "8 of 16 columns" in str(warning.message)
    assert "'X0', 'X1', 'X2', 'X3', 'X4', …" in str(warning.message)
    np.testing.assert_array_equal(completed, fitted.transform(new))


def test_a_known_gene_must_stand_once(fitted, new, imputer, whole):
    twice = pd.concat([new, new[["L0003"]]], axis=1)
    with pytest.raises(GeneMismatchError, match=r"1 duplicated \('L0003'\)"):
        fitted.transform(twice)
    with pytest.raises(GeneMismatchError, match=r"1 duplicated \('L0003'\)"):
        imputer().fit(twice)
    notes = new.assign(note=0.0)
    with pytest.warns(UnknownGenesWarning, match="2 of 22 columns"):
        fitted.transform(pd.concat([notes, notes[["note"]]], axis=1))


def test_polars_frames(fitted, imputer, whole, landmarks, targets):
    table = pl.from_pandas(whole)
    model = imputer().fit(table[:40]).set_output(transform="polars")
    assert model.landmarks_.tolist() == landmarks
    completed = model.transform(table[40:].select(landmarks[::-1]))
    assert completed.columns == list(whole)
    np.testing.assert_array_equal(completed.to_numpy(), fitted.transform(whole[40:]))
    assert list(model.infer(table[40:])) == targets
    half = whole[landmarks].astype(np.float32)
    assert model.transform(pl.from_pandas(half))["T0001"].dtype == pl.Float32


@pytest.mark.parametrize(
    ("given", "returned"), [("float32", "float32"), ("float64", "float64"), ("int64", "float64")]
)
def test_precision_is_that_of_the_landmarks(fitted, new, landmarks, given, returned):
    table = (new * 10).round()
    table[landmarks] = table[landmarks].astype(given)  # the targets stay float64
    assert fitted.transform(table).dtype == returned
    assert set(fitted.infer(table).dtypes.astype(str)) == {returned}
    np.testing.assert_allclose(
        fitted.transform(table), fitted.transform(table.astype(float)), rtol=1e-5, atol=1e-5
    )


def test_infer_keeps_the_names_of_samples_and_genes(fitted, new, landmarks, targets):
    inferred = fitted.infer(new[landmarks])
    pd.testing.assert_frame_equal(inferred, new[targets], check_exact=False, atol=1e-8)


def test_a_single_target(imputer, whole, landmarks):
    table = whole[[*landmarks, "T0001"]]
    for regressor in (LincsRegression(), Ridge(alpha=1e-9)):
        model = imputer(regressor=regressor).fit(table[:40])
        np.testing.assert_allclose(model.transform(table[40:]), table[40:], atol=1e-6)


def test_dgex_is_the_default(whole, landmarks):
    assert isinstance(LandmarkImputer()._new_regressor(), DGEXRegressor)
    given = DGEXRegressor(width=20, max_iter=2, n_members=1, random_state=0)
    model = LandmarkImputer(given, landmarks).fit(whole)
    assert model.regressor_ is not given
    assert not hasattr(given, "net_")
    np.testing.assert_array_equal(model.infer(whole), model.regressor_.infer(whole[landmarks]))


@pytest.mark.parametrize(
    "method", ["transform", "infer", "count_filled", "score", "best_inferred_genes"]
)
def test_use_before_fit(imputer, whole, method):
    with pytest.raises(NotFittedError, match="LandmarkImputer instance is not fitted yet"):
        getattr(imputer(), method)(whole)


@pytest.mark.parametrize("regressor", [Ridge, "ridge", 3.0, object()])
def test_a_regressor_must_be_one(imputer, whole, regressor):
    with pytest.raises(ValueError, match="'regressor' parameter of LandmarkImputer must be an est"):
        imputer(regressor=regressor).fit(whole)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_training_profiles_must_be_whole(fitted, whole, value):
    before = fitted.infer(whole)
    for gene in ("L0003", "T0003"):
        table = whole.copy()
        table.loc["S0007", gene] = value
        with pytest.raises(ValueError, match=f"training values .* sample 6, gene '{gene}'; impute"):
            fitted.fit(table)
    np.testing.assert_array_equal(fitted.infer(whole), before)


def test_a_failed_fit_changes_nothing(fitted, whole):
    before = dict(vars(fitted))
    with pytest.raises(TypeError, match="no_such_argument"):
        fitted.fit(whole[list(whole)[::-1]], no_such_argument=1)
    fitted.set_params(landmarks=["nobody"])
    with pytest.raises(GeneMismatchError):
        fitted.fit(whole[list(whole)[::-1]])
    assert vars(fitted) == before | {"landmarks": ["nobody"]}


def test_a_fit_on_an_array_forgets_the_names(fitted, whole):
    fitted.set_params(landmarks=[0, 1]).fit(whole.to_numpy())
    assert not hasattr(fitted, "feature_names_in_")
    assert fitted.targets_.tolist() == list(range(2, 20))
