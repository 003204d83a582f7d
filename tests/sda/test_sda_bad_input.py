"""Bad input gets one clear sentence; odd input that makes sense is taken."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.sparse import csr_array
from sklearn.exceptions import NotFittedError
from sklearn.impute import KNNImputer
from sklearn.pipeline import make_pipeline

from sklearn_dgex._sda.constraints import PARAMETER_CONSTRAINTS
from sklearn_dgex.exceptions import GeneMismatchError, OvercompleteWarning
from sklearn_dgex.utils._sklearn_private import StrOptions


@pytest.fixture
def fitted(quick, frame):
    return quick().fit(frame)


def refuse(model, call, message, error=ValueError):
    """``call()`` raises, and ``model`` is to the byte what it was; return the message."""
    before = pickle.dumps(model)
    with pytest.raises(error, match=message) as caught:
        call()
    assert pickle.dumps(model) == before
    return str(caught.value)


METHODS = ["fit", "partial_fit", "transform", "encode", "regenerate", "score"]


@pytest.mark.parametrize("method", METHODS)
def test_missing_values_are_counted_and_the_imputer_is_named(quick, fitted, frame, method):
    bad = frame.copy()
    bad.iloc[3, 1], bad.iloc[7, 0], bad.iloc[9, 2] = np.nan, np.inf, -np.inf
    text = refuse(fitted, lambda: getattr(fitted, method)(bad), "input values must be finite. Got")
    assert text == (
        "The input values must be finite. Got 1 NaN and 2 infinite (inf) of 640 instead, the first "
        "in sample 3, feature 'time1'; fill missing values with KNNImputer or SimpleImputer of "
        "sklearn.impute, before SDATransformer in a Pipeline."
    )
    unnamed = quick().fit(frame.to_numpy())
    call = getattr(unnamed, method)
    refuse(unnamed, lambda: call(bad.to_numpy()), "the first in sample 3, column 1; fill missing")


def test_the_imputer_that_is_named_fits(quick, frame):
    bad = frame.copy()
    bad.iloc[3, 1] = bad.iloc[5, 2] = np.nan
    Z = make_pipeline(KNNImputer(), quick()).set_output(transform="pandas").fit_transform(bad)
    assert Z.shape == frame.shape
    assert np.isfinite(Z).all(axis=None)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(("low", "high"), [(-0.001, 1.0), (0.0, 1.001), (-5.0, 5.0)])
def test_values_that_are_no_targets_of_a_cross_entropy(quick, arrays, method, low, high):
    X = (arrays - arrays.min()) / np.ptp(arrays)
    model = quick(scaling="none", warm_start=True).fit(X)
    bad = X.copy()
    bad[4, 4], bad[5, 5] = low, high
    text = refuse(model, lambda: getattr(model, method)(bad), "must lie in")
    assert text == (
        "The input values must lie in [0, 1] with loss='cross_entropy' and scaling='none'. Got "
        f"values from {low:g} to {high:g} instead; take scaling='feature', or "
        "loss='squared_error'."
    )
    refuse(model, lambda: model.score(bad), "must lie in")
    for parameters in ({"scaling": "feature"}, {"loss": "squared_error"}):
        quick(**({"scaling": "none"} | parameters)).fit(bad)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X[:0], "Found array with 0 sample"),
        (lambda X: X[:, :0], "0 feature"),
        (lambda X: X[:, 0], "Expected 2D array, got 1D array instead"),
        (lambda X: np.stack([X, X]), "Found array with dim 3"),
        (csr_array, "[Ss]parse"),
        (lambda X: X.astype(complex), "Complex data not supported"),
        (lambda X: np.full(X.shape, "late"), "could not convert string to float"),
        (lambda X: None, "Expected 2D array, got scalar"),
    ],
    ids=["no sample", "no feature", "1-D", "3-D", "sparse", "complex", "strings", "None"],
)
@pytest.mark.parametrize("method", ["fit", "partial_fit", "transform"])
def test_arrays_of_the_wrong_kind(quick, arrays, change, message, method):
    model = quick().fit(arrays)
    error = TypeError if message == "[Ss]parse" else ValueError
    refuse(model, lambda: getattr(model, method)(change(arrays)), message, error)


@pytest.mark.parametrize("method", ["fit", "transform"])
def test_columns_that_hold_no_numbers_are_named(fitted, frame, method):
    bad = frame.assign(time3="late")
    message = r"input columns must all be numbers. Got 1 that are not \('time3'\)"
    refuse(fitted, lambda: getattr(fitted, method)(bad), message)


@pytest.mark.parametrize("method", ["fit", "transform"])
def test_duplicated_features_are_named(fitted, frame, method):
    twice = frame.rename(columns={"time3": "time1"})
    message = r"Every input feature must stand once. Got 1 duplicated \('time1'\)"
    refuse(fitted, lambda: getattr(fitted, method)(twice), message, GeneMismatchError)


@pytest.mark.parametrize("codes", [np.zeros((3, 5)), np.zeros((3, 3)), np.zeros((3, 8))])
@pytest.mark.parametrize("method", ["decode", "inverse_transform"])
def test_codes_of_another_length(fitted, codes, method):
    message = f"must have the 4 columns that encode returns. Got {codes.shape[1]} instead"
    refuse(fitted, lambda: getattr(fitted, method)(codes), message)


def test_codes_that_are_not_finite(fitted):
    refuse(fitted, lambda: fitted.decode(np.full((2, 4), np.nan)), "Input codes contains NaN")


SIZES = r"'hidden_layer_sizes' parameter of SDATransformer must be an int of at least 1, or a seq"
LEVELS = r"'corruption_level' parameter of SDATransformer must be a float in \[0, 1\), or one for "


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"hidden_layer_sizes": 0}, "'hidden_layer_sizes' parameter .*Got 0 instead"),
        ({"hidden_layer_sizes": 2.5}, "'hidden_layer_sizes' parameter .*Got 2.5 instead"),
        ({"hidden_layer_sizes": "4"}, "'hidden_layer_sizes' parameter .*Got '4' instead"),
        ({"hidden_layer_sizes": ()}, SIZES + r".*Got \(\) instead"),
        ({"hidden_layer_sizes": [4, 0]}, SIZES + r".*Got \[4, 0\] instead"),
        ({"hidden_layer_sizes": [4, 2.0]}, SIZES + r".*Got \[4, 2.0\] instead"),
        ({"hidden_layer_sizes": [4, True]}, SIZES + r".*Got \[4, True\] instead"),
        ({"hidden_layer_sizes": True}, SIZES + ".*Got True instead"),
        ({"hidden_layer_sizes": np.array([4.0])}, SIZES),
        ({"hidden_layer_sizes": np.array(4)}, SIZES + r".*Got array\(4\) instead"),
        ({"hidden_layer_sizes": np.array([[4, 2]])}, SIZES),
        ({"corruption_level": 1.0}, r"'corruption_level' parameter .*\[0.0?, 1.0?\).*Got 1.0"),
        ({"corruption_level": -0.1}, r"'corruption_level' parameter .*Got -0.1 instead"),
        ({"corruption_level": np.nan}, "'corruption_level' parameter .*Got nan instead"),
        ({"corruption_level": [0.1, 0.1]}, LEVELS + r"each of the 1 hidden layers. Got \[0.1, 0.1"),
        ({"corruption_level": [1.0]}, LEVELS + r".*Got \[1.0\] instead"),
        ({"corruption_level": np.array([np.nan])}, LEVELS + r".*Got array\(\[nan\]\) instead"),
        ({"corruption_level": ["much"]}, LEVELS + r".*Got \['much'\] instead"),
        ({"corruption_level": np.array([[0.1]])}, LEVELS),
        ({"learning_rate_init": 0.0}, "'learning_rate_init' parameter"),
        ({"momentum": 1.0}, r"'momentum' parameter .*\[0.0?, 1.0?\).*Got 1.0 instead"),
        ({"batch_size": 0}, "'batch_size' parameter .*Got 0 instead"),
        ({"max_iter": 2.5}, "'max_iter' parameter .*Got 2.5 instead"),
        ({"max_iter": 0}, "'max_iter' parameter .*Got 0 instead"),
        ({"finetune_max_iter": -1}, "'finetune_max_iter' parameter .*Got -1 instead"),
        ({"device": "tpu"}, "must be 'auto', 'cpu', 'cuda' or 'cuda:N'. Got 'tpu'"),
        ({"device": "tpu", "engine": "kernel"}, "must be 'auto', 'cpu', .* Got 'tpu'"),
        ({"device": "cpu:7"}, "must name a device of this machine. Got 'cpu:7'"),
        ({"random_state": -1}, "'random_state' parameter|must be between 0 and"),
        ({"output_activation": "tanh"}, r"must be 'auto' or 'sigmoid' with loss='cross_entropy'"),
        ({"callbacks": "early"}, "'callbacks' parameter"),
    ],
    ids=str,
)
def test_parameters_out_of_range(quick, fitted, frame, parameters, message):
    fitted.set_params(**parameters)
    refuse(fitted, lambda: fitted.fit(frame), message)
    unfitted = quick(**parameters)
    refuse(unfitted, lambda: unfitted.partial_fit(frame), message)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, constraints in PARAMETER_CONSTRAINTS.items()
        if any(isinstance(constraint, StrOptions) for constraint in constraints)
    ],
)
def test_unknown_option_names_those_allowed(fitted, frame, name):
    fitted.set_params(**{name: "nonsense"})
    message = f"The '{name}' parameter of SDATransformer must be"
    text = refuse(fitted, lambda: fitted.fit(frame), message)
    options = set()
    for constraint in PARAMETER_CONSTRAINTS[name]:
        options |= getattr(constraint, "options", set())
    assert all(repr(option) in text for option in options)
    assert "Got 'nonsense' instead" in text


@pytest.mark.parametrize("method", ["transform", "get_feature_names_out"])
def test_an_output_that_is_none_after_the_fit(fitted, frame, method):
    fitted.set_params(output="codes")
    arguments = [frame] if method == "transform" else []
    message = "'output' parameter of SDATransformer must be 'regenerated' or 'code'. Got 'codes' in"
    refuse(fitted, lambda: getattr(fitted, method)(*arguments), message)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
@pytest.mark.parametrize("engine", ["auto", "kernel", "torch"])
@pytest.mark.parametrize("device", ["cuda", "cuda:7"])
def test_cuda_without_cuda(fitted, frame, engine, device):
    fitted.set_params(device=device, engine=engine)
    message = f"Got '{device}', but torch sees no CUDA GPU here; use 'auto' or 'cpu'"
    refuse(fitted, lambda: fitted.fit(frame), message)
    assert np.isfinite(fitted.transform(frame)).all(), "infers on the CPU all the same"


@pytest.mark.parametrize("method", [*METHODS[2:], "sample", "decode", "get_feature_names_out"])
def test_use_before_a_fit(quick, frame, method):
    model = quick()
    arguments = [] if method in ("sample", "get_feature_names_out") else [frame]
    refuse(model, lambda: getattr(model, method)(*arguments), "is not fitted yet", NotFittedError)
    for name in ("coefs_", "intercepts_", "module_"):
        assert not hasattr(model, name)


@pytest.mark.parametrize(
    ("sizes", "pairs"),
    [(9, [(9, 8)]), ((6, 7), [(7, 6)]), ((10, 12, 2), [(10, 8), (12, 10)]), (8, []), ((8, 8), [])],
)
def test_more_hidden_than_visible_units_are_a_warning(quick, arrays, sizes, pairs):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = quick(hidden_layer_sizes=sizes).fit(arrays)
        model.partial_fit(arrays)  # once is enough
        model.transform(arrays)
    assert [warning.category for warning in caught] == [OvercompleteWarning] * len(pairs)
    for warning, (upper, lower) in zip(caught, pairs, strict=True):
        assert str(warning.message) == (
            f"A hidden layer has {upper} units on {lower} below it, which it may learn to copy; "
            "take fewer than there are features, as the paper advises."
        )
        assert warning.filename == __file__, "the warning points into the package"


@pytest.mark.parametrize("engine", ["kernel", "torch"])
@pytest.mark.parametrize("shape", [(1, 8), (2, 8), (80, 1), (1, 1), (5, 5000), (3, 2)])
@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
def test_odd_shapes(quick, shape, loss, engine):
    X = np.random.default_rng(0).normal(size=shape) + 5
    model = quick(
        hidden_layer_sizes=(2, 1), loss=loss, learning_rate_init=1e-3, max_iter=2, engine=engine
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OvercompleteWarning)
        Z = model.fit_transform(X)
    assert Z.shape == shape
    assert np.isfinite(Z).all()
    if shape[0] == 1:
        np.testing.assert_array_equal(Z, X)


def test_nested_lists_and_memory_maps_and_views(quick, arrays, tmp_path):
    expected = quick().fit_transform(arrays)
    arrays.tofile(tmp_path / "X")
    mapped = np.memmap(tmp_path / "X", dtype=arrays.dtype, mode="r", shape=arrays.shape)
    for X in (
        arrays.tolist(),
        mapped,
        np.asfortranarray(arrays),
        arrays[::-1][::-1],
        pd.DataFrame(arrays).convert_dtypes(),
    ):
        np.testing.assert_allclose(quick().fit_transform(X), expected, rtol=1e-9)
