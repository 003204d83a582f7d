"""What the fuzz tests have found, each as small as it came to be."""

import numpy as np
import pandas as pd
import pytest

from sklearn_dgex import DGEXRegressor, LandmarkImputer, SDATransformer
from sklearn_dgex.baselines import LincsRegression
from sklearn_dgex.exceptions import GeneMismatchError

SMALL = {"width": 8, "max_iter": 1, "n_members": 1, "random_state": 0}


@pytest.fixture
def values():
    return np.random.default_rng(0).normal(8, 2, (20, 6))


def test_a_batch_size_of_numpy(values):
    one, other = (
        DGEXRegressor(**SMALL, batch_size=size)
        .fit(values[:, :3], values[:, 3:])
        .predict(values[:, :3])
        for size in (np.int64(8), 8)
    )
    np.testing.assert_array_equal(one, other)


DATES = np.full((20, 6), np.datetime64("2026-01-01"))


@pytest.mark.parametrize(
    "dates",
    [
        DATES,
        DATES.tolist(),
        DATES - DATES,
        pd.DataFrame(DATES),
        pd.DataFrame(DATES, columns=list("abcdef")),
        list(DATES),
    ],
    ids=["array", "list", "spans", "frame", "named frame", "list of rows"],
)
def test_dates_are_no_numbers(dates, values):
    for call in (
        lambda: DGEXRegressor(**SMALL).fit(dates, values),
        lambda: DGEXRegressor(**SMALL).fit(values, dates),
        lambda: SDATransformer(2, max_iter=1).fit(dates),
        lambda: LandmarkImputer(LincsRegression(), landmarks=2).fit(values).transform(dates),
    ):
        with pytest.raises((ValueError, TypeError), match=r"real number|must all be numbers"):
            call()


def test_complex_numbers_are_refused_in_a_sentence(values):
    with pytest.raises(ValueError, match="Complex data not supported: The input values") as caught:
        SDATransformer(2).fit(values + 1j)
    assert "\n" not in str(caught.value)


def test_a_frame_without_genes(values):
    empty = pd.DataFrame(values).iloc[:, :0]
    with pytest.raises(ValueError, match="The landmark table must have at least one gene"):
        DGEXRegressor(**SMALL).fit(empty, values)
    with pytest.raises(ValueError, match="The target table must have at least one gene"):
        DGEXRegressor(**SMALL).fit(values, empty)


def test_one_weight_for_all_samples_of_an_imputer(values):
    imputer = LandmarkImputer(DGEXRegressor(**SMALL), landmarks=2)
    alike = imputer.fit(values, sample_weight=2.0).landmark_means_
    np.testing.assert_allclose(alike, values[:, imputer.landmark_indices_].mean(axis=0))


def test_doubled_names_in_an_imputer_that_knows_none(values):
    imputer = LandmarkImputer(LincsRegression(), landmarks=2).fit(values)
    with pytest.raises(GeneMismatchError, match="must stand once"):
        imputer.transform(pd.DataFrame(values, columns=list("aabcde")))


def test_landmarks_of_no_dimension(values):
    with pytest.raises(ValueError, match=r"The 'landmarks' parameter .* Got array\(1\)"):
        LandmarkImputer(LincsRegression(), landmarks=np.array(1)).fit(values)


@pytest.mark.parametrize("callback", ["nonsense", object(), int, ("name", 3), None])
def test_callbacks_that_are_none(callback, values):
    with pytest.raises(ValueError, match="The 'callbacks' parameter of SDATransformer must be"):
        SDATransformer(2, engine="torch", callbacks=[callback]).fit(values)


def test_profiles_too_far_for_an_autoencoder(values):
    model = SDATransformer(
        2, max_iter=1, activation="relu", loss="squared_error", scaling="none", random_state=0
    ).fit(values / 10)
    with pytest.raises(ValueError, match="must stay finite"):
        model.transform(values * 1e307)


@pytest.mark.parametrize("unit", [2.0**-300, 2.0**300])
@pytest.mark.filterwarnings("error")
def test_no_unit_is_too_small_or_large_for_float32(unit, values):
    X, y = values[:, :3], values[:, 3:]
    model = DGEXRegressor(**SMALL)
    expected, mmae = model.fit(X, y).predict(X), model.best_validation_score_
    np.testing.assert_array_equal(model.fit(X, y * unit).predict(X), expected * unit)
    assert model.best_validation_score_ == pytest.approx(mmae * unit)
    weight = np.arange(20)
    expected, mmae = model.fit(X, y, weight).predict(X), model.best_validation_score_
    np.testing.assert_array_equal(model.fit(X, y, weight * unit).predict(X), expected)
    assert model.best_validation_score_ == mmae > 0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("dtype", "far"), [(np.float64, 1e300), (np.float32, 1e20)])
def test_profiles_beyond_all_numbers_are_refused(dtype, far, values):
    X, y = values[:, :3].astype(dtype) * dtype(1e-20), values[:, 3:]
    model = DGEXRegressor(**SMALL).fit(X, y)
    far = X / dtype(1e-20) * dtype(far)
    with pytest.raises(ValueError, match=r"near those of the training samples.*Got .* column 0"):
        model.predict(far)


@pytest.mark.filterwarnings("error")
def test_a_range_beyond_float64_is_refused(values):
    with pytest.raises(ValueError, match=r"within 1e150 of each other\. Got .* column 0"):
        DGEXRegressor(**SMALL).fit(values[:, :3], values[:, 3:] * 1e300)


@pytest.mark.filterwarnings("error")
def test_answers_beyond_float32_are_refused(values):
    X, y = values[:, :3].astype(np.float32), values[:, 3:] * 1e60
    model = DGEXRegressor(**SMALL).fit(X, y)
    with pytest.raises(ValueError, match=r"numbers that float32 can hold.*want float64 profiles"):
        model.predict(X)
    assert np.isfinite(model.predict(X.astype(np.float64))).all()
