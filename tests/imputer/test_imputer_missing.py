"""Landmarks that were not measured: refused by name, or filled and counted."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import Ridge

from sklearn_dgex.exceptions import FilledLandmarksWarning, GeneMismatchError, UnknownGenesWarning


@pytest.fixture
def filling(imputer, whole):
    return imputer(missing_landmarks="mean").fit(whole[:40])


@pytest.fixture
def gappy(new, landmarks):
    """Landmark profiles without L0002, and with three NaN in two samples."""
    table = new[landmarks].drop(columns="L0002")
    table.loc["S0041", ["L0001", "L0007"]] = np.nan
    table.loc["S0045", "L0007"] = np.nan
    return table


def test_missing_columns_are_listed(fitted, new, landmarks):
    with pytest.raises(GeneMismatchError, match="the 8 landmarks of the fitted model") as caught:
        fitted.transform(new.drop(columns=["L0002", "L0007"]))
    assert "Got 2 missing ('L0002', 'L0007')" in str(caught.value)
    assert "missing_landmarks='mean'" in str(caught.value)


def test_missing_values_are_listed(fitted, new):
    new.loc["S0041", ["L0001", "L0007"]] = np.nan
    new.loc["S0045", "L0007"] = np.nan
    with pytest.raises(ValueError, match="must be measured in every sample") as caught:
        fitted.transform(new)
    assert "3 NaN in 2 landmarks ('L0001', 'L0007') of 2 of 20 samples" in str(caught.value)


def test_filled_with_the_training_means(filling, fitted, whole, gappy, new, landmarks):
    by_hand = gappy.reindex(columns=landmarks).fillna(whole[:40].mean())
    with pytest.warns(FilledLandmarksWarning) as caught:
        completed = filling.transform(gappy)
    (warning,) = caught
    assert "3 of 8 landmarks ('L0001', 'L0002', 'L0007') were filled" in str(warning.message)
    assert "in 20 of 20 samples" in str(warning.message)
    np.testing.assert_allclose(completed, fitted.transform(by_hand))


def test_nothing_to_fill_nothing_to_say(filling, fitted, new):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(filling.transform(new), fitted.transform(new))


def test_fills_are_counted_by_sample(fitted, gappy):
    count = fitted.count_filled(gappy)
    expected = pd.Series(1, index=gappy.index, name="n_filled")
    expected["S0041"], expected["S0045"] = 3, 2
    pd.testing.assert_series_equal(count, expected)
    nullable = gappy.astype("Float64")
    assert nullable.isna().sum().sum() == 3
    pd.testing.assert_series_equal(fitted.count_filled(nullable), expected)
    polars = fitted.count_filled(pl.from_pandas(gappy).fill_nan(None))
    np.testing.assert_array_equal(polars, expected)


def test_counts_of_arrays(imputer, whole):
    X = whole.to_numpy().copy()
    model = imputer(landmarks=[4, 2, 9]).fit(X)
    X[5, [4, 9, 11]] = np.nan  # 11 is a target
    count = model.count_filled(X)
    assert isinstance(count, np.ndarray)
    assert count.tolist() == [2 if row == 5 else 0 for row in range(60)]
    np.testing.assert_array_equal(model.count_filled(X[:, [4, 2, 9]]), count)


def test_counting_changes_and_warns_of_nothing(fitted, gappy):
    before = gappy.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted.count_filled(gappy.assign(unknown=1.0))
        assert fitted.count_filled(gappy[["L0001"]][1:]).eq(7).all()
    pd.testing.assert_frame_equal(gappy, before)


def test_a_table_without_landmarks_is_an_error_in_any_case(fitted, filling, new, targets):
    for model in (fitted, filling):
        with pytest.raises(GeneMismatchError, match="Got none of them"):
            model.transform(new[targets])
        with pytest.warns(UnknownGenesWarning), pytest.raises(GeneMismatchError):
            model.infer(new.rename(columns=str.lower))


def test_a_sample_without_landmarks_is_an_error_in_any_case(fitted, filling, new, landmarks):
    new.loc[["S0043", "S0050"], landmarks] = np.nan
    for model in (fitted, filling):
        with pytest.raises(ValueError, match="NaN alone, the first sample 'S0043'"):
            model.transform(new)
        with pytest.raises(ValueError, match="2 of 20 samples with NaN alone, the first sample 2;"):
            model.transform(new.reset_index(drop=True))


def test_infinite_landmarks_are_no_missing_ones(fitted, filling, new):
    new.loc["S0043", "L0007"] = np.inf
    for model in (fitted, filling):
        with pytest.raises(ValueError, match=r"infinite .* sample 2, landmark 'L0007'"):
            model.transform(new)


def test_kept_targets_must_not_be_infinite(imputer, whole, new):
    model = imputer(keep_measured=True).fit(whole[:40])
    new.loc["S0043", "T0007"] = np.inf
    with pytest.raises(ValueError, match="measured target values must be finite"):
        model.transform(new)


def test_words_are_no_landmarks(fitted, new):
    with pytest.raises(ValueError, match=r"Got 1 that are not \('L0003'\)"):
        fitted.transform(new.assign(L0003="high"))


def test_means_are_weighted_as_the_samples_are(imputer, whole):
    weight = np.arange(60) % 3
    model = imputer(regressor=Ridge()).fit(whole, sample_weight=weight)
    repeated = imputer(regressor=Ridge()).fit(whole.loc[whole.index.repeat(weight)])
    np.testing.assert_allclose(model.landmark_means_, repeated.landmark_means_)
    np.testing.assert_allclose(model.infer(whole), repeated.infer(whole))


def test_unknown_word_for_missing_landmarks(imputer, whole):
    with pytest.raises(ValueError, match="'missing_landmarks' parameter of LandmarkImputer must"):
        imputer(missing_landmarks="median").fit(whole)
