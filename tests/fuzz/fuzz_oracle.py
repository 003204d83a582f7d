"""What may come of an example: a sound fit, or one clear refusal that changes nothing."""

from __future__ import annotations

import linecache
import pickle
import signal
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pandas as pd
import sklearn
import torch
from sklearn.exceptions import NotFittedError

import sklearn_dgex
from sklearn_dgex import exceptions
from sklearn_dgex.exceptions import DivergedError, GeneMismatchError

SECONDS = 60  # a fit of this size takes a fiftieth of one, but a first one may have to compile
REFUSALS = (ValueError, TypeError, OSError, NotFittedError, DivergedError)
PACKAGE, SKLEARN = (str(Path(module.__file__).parent) for module in (sklearn_dgex, sklearn))
OWN_WARNINGS = tuple(
    getattr(exceptions, name) for name in exceptions.__all__ if name.endswith("Warning")
)
# What numpy and pandas say when scikit-learn asks them for numbers, with the value
CONVERSIONS = (
    "could not convert",
    "argument must be a string or a real number",
    "setting an array element with a sequence",
    "only 0-dimensional arrays can be converted",
    "cannot be cast",
    "DType",
    "int too large",
)


class Hang(BaseException):
    """An example took longer than any may."""


class Wrong(AssertionError):
    """Something came of an example that may not."""


@contextmanager
def within(seconds: int = SECONDS) -> Iterator[None]:
    """Raise Wrong if a block takes longer, where the system has alarms."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    rung = []

    def ring(*_):
        rung.append(True)
        raise Hang

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    with suppress(Hang):  # which a callback, such as that of a collection, may swallow as well
        try:
            yield
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)
    demand(not rung, f"it hangs: it took more than {seconds} s")


@contextmanager
def nothing_else_changes(*inputs, own_generator: bool) -> Iterator[None]:
    """Check that a block leaves its inputs and the global random states as they were.

    With ``own_generator`` False the block may draw from numpy's global one.
    """
    numpys, torchs = np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    before = [fingerprint(one) for one in inputs]
    yield
    if own_generator:
        same = pickle.dumps(np.random.get_state()) == pickle.dumps(numpys)  # noqa: NPY002
        demand(same, "numpy's global generator was moved")
    demand(torch.equal(torch.get_rng_state(), torchs), "torch's global generator was moved")
    for one, was in zip(inputs, before, strict=True):
        demand(fingerprint(one) == was, "an input was changed")


@contextmanager
def only_documented_warnings() -> Iterator[list]:
    """Record warnings, and let none pass but the package's own and scikit-learn's on names."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught
    for warning in caught:
        text = str(warning.message)
        known = issubclass(warning.category, OWN_WARNINGS) or "feature names" in text
        demand(known, f"{warning.category.__name__} from {warning.filename}: {text}")
        demand("\n" not in text.strip() and len(text) < 1000, f"a warning of several lines: {text}")


def demand(holds, what: str) -> None:
    """Raise Wrong unless something holds."""
    if not holds:
        raise Wrong(what)


def check_refusal(error: BaseException) -> None:
    """Raise Wrong unless an error is a documented one, on purpose, and one clear sentence."""
    name, message = type(error).__name__, str(error).strip()
    if "of the user's own" in message:  # what an activation raises reaches whoever wrote it
        return
    story = "".join(traceback.format_exception(error))
    demand(isinstance(error, REFUSALS), f"{name} is no documented error:\n{story}")
    place = traceback.extract_tb(error.__traceback__)[-1]
    ours, theirs = place.filename.startswith(PACKAGE), place.filename.startswith(SKLEARN)
    raised = linecache.getline(place.filename, place.lineno).strip().startswith("raise")
    on_purpose = (ours or theirs) and raised
    converted = any(part in message for part in CONVERSIONS)
    demand(on_purpose or converted, f"{name} was not raised on purpose:\n{story}")
    demand(len(message) > 15, f"{name} says too little: {message!r}\n{story}")
    demand(len(message) < 3000, f"{name} says too much: {message[:300]!r} …")
    if ours and not isinstance(error, GeneMismatchError):  # which lists a diff of names
        demand("\n" not in message, f"{name} takes several lines: {message!r}")


def fingerprint(value):
    """Something that tells whether a value was changed."""
    if isinstance(value, np.ndarray):
        kind = value.dtype.kind
        content = pickle.dumps(value.tolist()) if kind == "O" else np.asarray(value).tobytes()
        return value.shape, value.strides, value.dtype.str, content
    if isinstance(value, pd.DataFrame | pd.Series):
        return pickle.dumps(
            (value.to_numpy(dtype=object, na_value=None).tolist(), str(value.index))
        )
    if type(value).__module__.startswith("polars"):
        return value.columns, pickle.dumps(value.rows())
    return repr(value)


def state_of(estimator) -> dict:
    """Attributes of an estimator, to be compared by identity."""
    return dict(vars(estimator))


def check_state(estimator, before: dict) -> None:
    """Raise Wrong if an estimator has other attributes than before."""
    after = vars(estimator)
    demand(list(after) == list(before), "a failed call left or took attributes")
    for name, value in before.items():
        demand(after[name] is value, f"a failed call changed {name}")


def copied(estimator):
    """A copy through a pickle."""
    try:
        return pickle.loads(pickle.dumps(estimator))
    except (pickle.PicklingError, AttributeError) as error:
        raise Wrong(f"no pickle of the estimator: {error}") from error


def equal(one, other, what: str) -> None:
    """Raise Wrong unless two arrays are bit for bit the same."""
    one, other = np.asarray(one), np.asarray(other)
    demand(one.dtype == other.dtype and one.shape == other.shape, f"{what}: other dtype or shape")
    if not np.array_equal(one, other):
        far = np.abs(np.subtract(one, other, dtype=np.float64)).max()
        raise Wrong(f"{what}: up to {far:.3g} apart")


def close(one, other, what: str, tolerance: float) -> None:
    """Raise Wrong unless two arrays agree to a share of their largest value in each column."""
    one, other = (
        np.asarray(array, dtype=np.float64).reshape(len(array), -1) for array in (one, other)
    )
    if not one.size:
        return
    scale = np.abs(one).max(axis=0) + np.ptp(one, axis=0)
    far = (np.abs(one - other) - tolerance * scale).max()
    demand(far <= 0, f"{what}: {far:.3g} beyond {tolerance:g} of the largest value")


def guarded(call: Callable, *inputs, own_generator: bool = True):
    """Return what a call returns, or the documented error that it raised; nothing else may come."""
    with (
        within(),
        only_documented_warnings(),
        nothing_else_changes(*inputs, own_generator=own_generator),
    ):
        try:
            return call()
        except Exception as error:
            check_refusal(error)
            return error
