"""Bad input gets one clear sentence, and a fitted estimator loses nothing by it."""

import copy

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from sklearn_dgex._dgex.constraints import PARAMETER_CONSTRAINTS
from sklearn_dgex.exceptions import DivergedError, GeneMismatchError
from sklearn_dgex.utils._sklearn_private import StrOptions


@pytest.fixture
def fitted(quick, frames):
    return quick().fit(*frames)


def refuse(model, call, error, message, X):
    """``call()`` raises, and ``model`` is and infers what it was and inferred before."""
    before, names = model.predict(X), set(vars(model))
    values = {name: id(value) for name, value in vars(model).items() if name.endswith("_")}
    curve = list(model.loss_curve_)
    with pytest.raises(error, match=message) as caught:
        call()
    assert set(vars(model)) == names
    assert {name: id(value) for name, value in vars(model).items() if name in values} == values
    assert model.loss_curve_ == curve
    np.testing.assert_array_equal(model.predict(X), before)
    return str(caught.value)


def changed(frame, *cells):
    frame = frame.copy()
    for row, column, value in cells:
        frame.iloc[row, column] = value
    return frame


SPOILT = [(3, 1, np.nan), (7, 0, np.inf), (9, 2, -np.inf)]
COUNT = r"Got 1 NaN and 2 infinite \(inf\) of {size} instead, the first in sample 3, gene '{gene}'"


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_not_finite(fitted, frames, method):
    X, y = frames
    call = getattr(fitted, method)
    in_x = "landmark values must be finite. " + COUNT.format(size=X.size, gene="L0002")
    in_y = "target values must be finite. " + COUNT.format(size=y.size, gene="T0002")
    refuse(fitted, lambda: call(changed(X, *SPOILT), y), ValueError, in_x, X)
    refuse(fitted, lambda: call(X, changed(y, *SPOILT)), ValueError, in_y, X)


def test_not_finite_at_predict_and_without_names(fitted, quick, frames, arrays):
    X, y = frames
    message = r"Got 1 NaN and 0 infinite \(inf\) of 480 instead, the first in sample 3, "
    bad = changed(X, (3, 1, np.nan))
    refuse(fitted, lambda: fitted.predict(bad), ValueError, message + "gene 'L0002'", X)
    unnamed = quick().fit(*arrays)
    bad = bad.to_numpy()
    refuse(unnamed, lambda: unnamed.predict(bad), ValueError, message + "column 1", arrays[0])
    y = arrays[1][:, 0].copy()
    y[5] = np.nan
    with pytest.raises(ValueError, match="the first in sample 5, column 0"):
        quick().fit(arrays[0], y)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (X, np.zeros((60, 5, 2))), r"shape \(n_samples, n_targets\).*\(60, 5, 2\)"),
        (lambda X, y: (X, np.zeros((60, 0))), r"target y must have shape .* Got \(60, 0\)"),
        (lambda X, y: (X[:0], y[:0]), "0 sample"),
        (lambda X, y: (X[:, 0], y), "Expected 2D array, got 1D"),
        (lambda X, y: (X[:, :0], y), "0 feature"),
        (lambda X, y: (X[:40], y), r"inconsistent numbers of samples: \[40, 60\]"),
        (lambda X, y: (X, None), "the target y is None"),
        (lambda X, y: (X, y, -np.ones(60)), "[Nn]egative"),
        (lambda X, y: (X, y, np.zeros(60)), "zero"),
        (lambda X, y: (X, y, np.ones(59)), r"\(59,\)|59"),
        (lambda X, y: (X, y, np.full(60, np.nan)), "NaN"),
    ],
    ids=[
        "3-D y",
        "no target",
        "no sample",
        "1-D X",
        "no landmark",
        "lengths differ",
        "no y",
        "negative weight",
        "zero weights",
        "weights of another length",
        "NaN weights",
    ],
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_arrays_of_the_wrong_kind(quick, arrays, change, message, method):
    model = quick().fit(*arrays)
    call = getattr(model, method)
    refuse(model, lambda: call(*change(*arrays)), ValueError, message, arrays[0])


def test_column_of_strings_is_named(fitted, frames):
    X, y = frames
    bad = X.assign(tissue="skin")
    message = r"landmark columns must all be numbers. Got 1 that are not \('tissue'\)"
    refuse(fitted, lambda: fitted.fit(bad, y), ValueError, message, X)
    message = r"target columns must all be numbers. Got 1 that are not \('tissue'\)"
    refuse(fitted, lambda: fitted.fit(X, y.assign(tissue="skin")), ValueError, message, X)


def test_duplicated_genes_are_named(fitted, frames):
    X, y = frames
    twice_x, twice_y = X.rename(columns={"L0003": "L0001"}), y.rename(columns={"T0003": "T0001"})
    for data, what, gene in [
        ((twice_x, y), "landmark", "L0001"),
        ((X, twice_y), "target", "T0001"),
    ]:
        message = rf"Every {what} gene must stand once. Got 1 duplicated \('{gene}'\)"
        refuse(fitted, lambda data=data: fitted.fit(*data), GeneMismatchError, message, X)


def test_missing_and_unknown_genes_are_a_diff(fitted, frames):
    X, _ = frames
    other = X.rename(columns={"L0003": "TP53", "L0005": "MYC"})
    text = refuse(
        fitted, lambda: fitted.predict(other), GeneMismatchError, "8 of the fitted model", X
    )
    assert "- missing from the table (2): 'L0003', 'L0005'" in text
    assert "+ unknown to the fitted model (2): 'TP53', 'MYC'" in text
    fewer = refuse(fitted, lambda: fitted.predict(X.iloc[:, 1:]), GeneMismatchError, "missing", X)
    assert "'L0001'" in fewer
    assert "unknown" not in fewer
    more = refuse(fitted, lambda: fitted.predict(X.assign(MYC=0.0)), GeneMismatchError, "MYC", X)
    assert "missing" not in more


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_other_targets_when_training_goes_on(fitted, arrays, frames, method):
    X, y = frames
    fitted.set_params(warm_start=True)
    call = getattr(fitted, method)
    message = "must have the 5 genes of the first fit. Got 4 instead"
    refuse(fitted, lambda: call(X, y.to_numpy()[:, :4]), ValueError, message, X)
    refuse(fitted, lambda: call(X, y.iloc[:, :4]), GeneMismatchError, "'T0005'", X)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"width": 1, "n_towers": 50}, "'n_towers' parameter must leave every tower a neuron"),
        (
            {"n_networks": 6},
            "'n_networks' .* at most the number of targets, 5. Got 6",
        ),
        ({"n_towers": 0}, r"'n_towers' parameter of DGEXRegressor must be an int .*Got 0 instead"),
        ({"dropout": 1.0}, r"'dropout' parameter .*\[0.0?, 1.0?\).*Got 1.0 instead"),
        ({"dropout": [0.1, 0.1]}, r"one for each of the 3 hidden layers. Got \[0.1, 0.1\] instead"),
        (
            {"dropout": [0.1, 0.1, 1.5]},
            r"The 'dropout' parameter must be rates in \[0, 1\). Got \[0.1, 0.1, 1.5\] instead.",
        ),
        (
            {"dropout": np.array([0.1, np.nan, 0.1])},
            r"'dropout' parameter must be rates in \[0, 1\). Got \[0.1, nan, 0.1\] instead.",
        ),
        ({"dropout": ["a", "b", "c"]}, r"'dropout' parameter .* Got \['a', 'b', 'c'\] instead."),
        (
            {"reconnection": [1]},
            r"one stride, an integer, for each of the 2 layers between .*Got \[1\] instead",
        ),
        (
            {"device": "tpu"},
            "must be 'auto', 'cpu', 'cuda' or 'cuda:N'. Got 'tpu'",
        ),
        (
            {"device": "mps"},
            "must be 'auto', 'cpu', 'cuda' or 'cuda:N'. Got 'mps'",
        ),
        ({"validation_fraction": 1.0}, "'validation_fraction' parameter"),
        ({"learning_rate_init": 0.0}, "'learning_rate_init' parameter"),
        ({"max_iter": 2.5}, "'max_iter' parameter .*Got 2.5 instead"),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_parameters_out_of_range(fitted, frames, parameters, message):
    fitted.set_params(**parameters)
    with pytest.raises(ValueError, match=message):
        fitted.fit(*frames)
    assert len(fitted.loss_curve_) == 3


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, constraints in PARAMETER_CONSTRAINTS.items()
        if any(isinstance(constraint, StrOptions) for constraint in constraints)
    ],
)
def test_unknown_option_names_those_allowed(fitted, frames, name):
    fitted.set_params(**{name: "nonsense"})
    with pytest.raises(ValueError, match=f"The '{name}' parameter of DGEXRegressor") as caught:
        fitted.fit(*frames)
    options = set()
    for constraint in PARAMETER_CONSTRAINTS[name]:
        options |= getattr(constraint, "options", set())
    assert all(repr(option) in str(caught.value) for option in options)
    assert "Got 'nonsense' instead" in str(caught.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_without_cuda(fitted, frames):
    fitted.set_params(device="cuda")
    with pytest.raises(ValueError, match="torch sees no CUDA GPU here; use 'auto' or 'cpu'"):
        fitted.fit(*frames)
    assert np.isfinite(fitted.predict(frames[0])).all()  # infers on the CPU instead


@pytest.mark.parametrize("how", ["fit", "warm_start", "partial_fit"])
def test_divergence_names_the_rate_and_loses_nothing(quick, arrays, how):
    X, y = arrays
    parameters = {"solver": "sgd", "loss": "squared_error", "activation": "identity"}
    model = quick(learning_rate="constant", learning_rate_init=1e-3, **parameters).fit(X, y)
    if how == "partial_fit":
        model.partial_fit(X, y)
    # One epoch diverges only by a step too large for its own numbers.
    rate = 1e25 if how == "partial_fit" else 1e12
    model.set_params(warm_start=how == "warm_start", learning_rate_init=rate, max_iter=50)
    call = model.partial_fit if how == "partial_fit" else model.fit
    before = copy.deepcopy(model.net_.module_.state_dict())
    message = r"training loss became (nan|inf) in epoch \d+ at a learning rate of .*lower 'learning"
    refuse(model, lambda: call(X, y), DivergedError, message, X)
    after = model.net_.module_.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


class Fails(Callback):
    """Raises an error where it is called."""

    def __init__(self, when):
        setattr(self, when, self.fail)

    def fail(self, net, **kwargs):
        raise OSError("the disk is gone")


@pytest.mark.parametrize("when", ["on_train_begin", "on_epoch_begin", "on_epoch_end"])
def test_a_failed_partial_fit_leaves_no_trace(quick, arrays, when):
    X, y = arrays
    models = [quick(verbose=2).partial_fit(X, y).partial_fit(X, y) for _ in range(2)]
    models[0].set_params(learning_rate_init=0.5, batch_size=7)
    callbacks = models[0].net_.callbacks_
    models[0].net_.callbacks_ = [*callbacks, ("fails", Fails(when))]
    with pytest.raises(OSError, match="the disk is gone"):
        models[0].partial_fit(X, y)
    models[0].set_params(learning_rate_init=models[1].learning_rate_init, batch_size="auto")
    assert len(models[0].net_.callbacks_) == len(callbacks) + 1
    models[0].net_.callbacks_ = callbacks
    assert models[0].net_.lr == models[1].net_.lr
    assert models[0].net_.batch_size == models[1].net_.batch_size
    first, second = (model.partial_fit(X, y).predict(X) for model in models)
    np.testing.assert_array_equal(first, second)


def test_a_fit_leaves_a_module_of_the_users_as_it_was(quick, arrays):
    X, y = arrays
    activation = torch.nn.PReLU()
    model = quick(activation=activation).fit(X, y)
    expected = model.predict(X)
    assert activation.weight.item() == 0.25
    assert model.networks_[0].activations[0].activation.weight.item() != 0.25
    with pytest.raises(DivergedError):
        model.set_params(solver="sgd", learning_rate_init=1e30).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), expected)


@pytest.mark.parametrize(
    "entry", [int, 3, object(), ("name", int), ("a", "b", "c"), (1, Callback())]
)
def test_what_is_no_callback_is_refused(quick, arrays, entry):
    model = quick(callbacks=[Callback, ("mine", Callback()), entry])
    with pytest.raises(ValueError, match=r"list of skorch callbacks.*in place 2; derive its class"):
        model.fit(*arrays)
    quick(callbacks=[Callback, ("mine", Callback())]).fit(*arrays)
