"""What comes out: which columns, with which names, of which type, and in which container."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from sklearn_dgex.exceptions import GeneMismatchError

polars = pytest.importorskip("polars", reason="polars is not installed")

OUTPUTS = ["regenerated", "code"]


@pytest.fixture(scope="module")
def fitted(quick, frame):
    return quick().fit(frame)


@pytest.mark.parametrize("n_codes", [1, 2, 7])
def test_names_of_codes(quick, frame, arrays, n_codes):
    names = [f"sda{i}" for i in range(n_codes)]
    for X in (frame, arrays):
        model = quick(hidden_layer_sizes=(8, n_codes), output="code").fit(X)
        assert list(model.get_feature_names_out()) == names
    assert model.get_feature_names_out().dtype == object
    assert len(model.get_feature_names_out()) == model.transform(arrays).shape[1]


def test_names_of_regenerated_features(quick, fitted, frame, arrays):
    assert list(fitted.get_feature_names_out()) == list(frame)
    assert list(fitted.get_feature_names_out(list(frame))) == list(frame)
    with pytest.raises(ValueError, match="input_features is not equal to feature_names_in_"):
        fitted.get_feature_names_out(list(frame)[::-1])
    unnamed = quick().fit(arrays)
    assert list(unnamed.get_feature_names_out()) == [f"x{i}" for i in range(8)]
    assert list(unnamed.get_feature_names_out([*"abcdefgh"])) == [*"abcdefgh"]
    with pytest.raises(ValueError, match="number of features"):
        unnamed.get_feature_names_out([*"abc"])


@pytest.mark.parametrize("output", OUTPUTS)
def test_pandas_output(quick, fitted, frame, output):
    model = quick(output=output).fit(frame).set_output(transform="pandas")
    table = model.transform(frame.iloc[5:9])
    assert isinstance(table, pd.DataFrame)
    assert list(table.index) == list(frame.index[5:9])
    assert list(table.columns) == list(model.get_feature_names_out())
    expected = fitted.regenerate(frame) if output == "regenerated" else fitted.encode(frame)
    np.testing.assert_array_equal(table, expected[5:9])
    again = quick(output=output).set_output(transform="pandas").fit_transform(frame)
    pd.testing.assert_frame_equal(again, model.transform(frame))
    assert isinstance(model.encode(frame), np.ndarray), "only transform has a choice"
    assert isinstance(model.regenerate(frame), np.ndarray)


@pytest.mark.parametrize("output", OUTPUTS)
def test_polars_in_and_out(quick, fitted, frame, output):
    X = polars.from_pandas(frame)
    model = quick(output=output).set_output(transform="polars").fit(X)
    table = model.transform(X)
    assert isinstance(table, polars.DataFrame)
    assert table.columns == list(model.get_feature_names_out())
    expected = fitted.regenerate(frame) if output == "regenerated" else fitted.encode(frame)
    np.testing.assert_array_equal(table.to_numpy(), expected)
    np.testing.assert_array_equal(model.transform(X.select(X.columns[::-1])).to_numpy(), expected)


@pytest.mark.parametrize("method", ["transform", "encode", "regenerate", "score_samples"])
def test_columns_in_another_order_are_put_in_order(fitted, frame, method):
    call = getattr(fitted, method)
    for seed in range(5):
        shuffled = frame[list(np.random.default_rng(seed).permutation(frame.columns))]
        assert list(shuffled) != list(frame)
        np.testing.assert_array_equal(call(shuffled), call(frame))
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        assert not np.allclose(call(shuffled.to_numpy()), call(frame))


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_training_goes_on_with_columns_in_another_order(quick, frame, method):
    one, another = (quick(warm_start=True).fit(frame) for _ in range(2))
    getattr(one, method)(frame)
    getattr(another, method)(frame[list(frame)[::-1]])
    assert list(another.feature_names_in_) == list(frame)
    np.testing.assert_array_equal(one.transform(frame), another.transform(frame))


@pytest.mark.parametrize("method", ["transform", "encode", "regenerate", "score", "partial_fit"])
def test_other_columns_are_a_diff_of_features(fitted, frame, method):
    other = frame.rename(columns={"time3": "time30", "time5": "time50"})
    with pytest.raises(GeneMismatchError) as caught:
        getattr(fitted, method)(other)
    text = str(caught.value)
    assert text.startswith("The input features must be the 8 of the fitted model.")
    assert "- missing from the table (2): 'time3', 'time5'" in text
    assert "+ unknown to the fitted model (2): 'time30', 'time50'" in text
    assert " gene" not in text
    with pytest.raises(GeneMismatchError, match=r"missing from the table \(1\): 'time7'"):
        getattr(fitted, method)(frame.iloc[:, :-1])


def test_frames_and_arrays_may_be_mixed_with_a_warning(quick, fitted, frame, arrays):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expected = fitted.transform(frame)
        unnamed = quick().fit(arrays)
        np.testing.assert_array_equal(unnamed.transform(arrays), expected)
    with pytest.warns(UserWarning, match="X does not have valid feature names, but SDA"):
        np.testing.assert_array_equal(fitted.transform(arrays), expected)
    with pytest.warns(UserWarning, match="X has feature names, but SDATransformer was fitted wi"):
        np.testing.assert_array_equal(unnamed.transform(frame), expected)
    with pytest.raises(ValueError, match="X has 7 features, but SDATransformer is expecting 8"):
        unnamed.transform(arrays[:, :7])


def test_a_fit_on_arrays_forgets_the_names(quick, frame, arrays):
    model = quick().fit(frame).fit(arrays)
    assert not hasattr(model, "feature_names_in_")
    assert list(model.get_feature_names_out()) == [f"x{i}" for i in range(8)]


@pytest.mark.parametrize("output", OUTPUTS)
def test_values_in_the_precision_of_the_input(quick, frame, output):
    model = quick(output=output, hidden_layer_sizes=(6, 3), activation="tanh").fit(frame)
    single = frame.astype(np.float32)
    for method in (model.transform, model.encode, model.regenerate, model.score_samples):
        assert method(frame).dtype == np.float64
        assert method(single).dtype == np.float32
        assert method(polars.from_pandas(single)).dtype == np.float32
        np.testing.assert_allclose(method(single), method(frame), rtol=1e-4, atol=1e-4)
    for dtype in (np.float32, np.float64):
        X = frame.astype(dtype)
        assert model.decode(model.encode(X)).dtype == dtype
        assert model.fit(X).codes_.dtype == model.sample(3).dtype == dtype
    assert model.set_output(transform="pandas").transform(single).dtypes.unique() == [np.float32]


def test_scikit_learn_is_told_that_precision_is_kept(quick):
    # Without this tag its checks would try float64 alone.
    assert set(get_tags(quick()).transformer_tags.preserves_dtype) == {"float32", "float64"}


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint16, bool, object, np.float16])
def test_other_number_types_equal_the_same_floats(quick, arrays, dtype):
    X = (arrays > np.median(arrays, axis=0)) if dtype is bool else np.round(arrays + 60)
    X = X.astype(dtype)
    model, same = quick().fit(X), quick().fit(X.astype(np.float64))
    np.testing.assert_allclose(model.transform(X), same.transform(X.astype(np.float64)), rtol=1e-5)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"hidden_layer_sizes": (6, 3), "tied_weights": False},
        {"activation": "tanh", "loss": "squared_error", "output_activation": "tanh"},
        {"activation": "relu", "loss": "squared_error", "scaling": "joint"},
        {"activation": "identity", "loss": "squared_error", "learning_rate_init": 0.01},
    ],
    ids=str,
)
def test_transform_encode_decode_and_regenerate_agree(quick, arrays, parameters):
    model = quick(**parameters).fit(arrays)
    other = np.random.default_rng(0).normal(size=(30, 8)) * arrays.std(0) + arrays.mean(0)
    for X in (arrays, other):
        codes, regenerated = model.encode(X), model.regenerate(X)
        np.testing.assert_array_equal(model.decode(codes), regenerated)
        np.testing.assert_array_equal(model.inverse_transform(codes), regenerated)
        np.testing.assert_array_equal(model.transform(X), regenerated)
        np.testing.assert_allclose(model.transform(X[[3]])[0], regenerated[3], rtol=1e-9)
    assert regenerated.shape == (30, 8)
    assert codes.shape == (30, model.weights_.sizes[-1])


@pytest.mark.parametrize("container", ["default", "pandas", "polars"])
def test_a_pipeline_is_undone(quick, frame, container):
    settings = {"activation": "identity", "loss": "squared_error", "corruption_level": 0}
    model = quick(hidden_layer_sizes=7, max_iter=600, output="code", **settings)
    model.set_params(learning_rate_init=0.02)
    pipeline = make_pipeline(StandardScaler(), model).set_output(transform=container).fit(frame)
    back = pipeline.inverse_transform(pipeline.transform(frame))
    scaled = pipeline[0].transform(frame)
    by_hand = pipeline[0].inverse_transform(pipeline[1].regenerate(scaled))
    np.testing.assert_allclose(back, by_hand)
    # seven codes of eight features that three factors explain: hardly anything is lost
    assert (np.abs(back - frame).max() < 0.2 * frame.std()).all()


def test_input_may_be_read_only(quick, arrays):
    X = arrays.copy()
    X.flags.writeable = False
    model = quick().fit(X).partial_fit(X)
    codes = model.encode(X)
    codes.flags.writeable = False
    assert np.isfinite([model.score(X), model.transform(X).sum(), model.decode(codes).sum()]).all()
    np.testing.assert_array_equal(X, arrays)
