"""Estimators under random parameters and tables: a fit that keeps its promises, or one sentence."""

from collections import Counter

import numpy as np
import pytest
from fuzz_estimators import ESTIMATORS, Case, cases, examine
from fuzz_oracle import Wrong, check_refusal, guarded, within
from fuzz_parameters import Parameters, odd_values, parameters, satisfies, valid_values
from fuzz_settings import N_EXAMPLES, fuzz_settings
from fuzz_tables import Table
from hypothesis import given, settings

from sklearn_dgex import DGEXRegressor


@pytest.mark.parametrize("name", ESTIMATORS)
def test_estimators_fit_soundly_or_refuse_clearly(name):
    outcomes = Counter()

    @fuzz_settings()
    @given(cases(name))
    def every_example(case):
        outcomes[examine(case).kind] += 1

    every_example()
    # A fuzz in which all is refused, or nothing, would see little.
    assert min(outcomes["fit"], outcomes["refused"]) >= N_EXAMPLES // 5, outcomes


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_parameter_is_drawn(name):
    constraints = {
        parameter: constraint
        for parameter, constraint in ESTIMATORS[name]._parameter_constraints.items()
        if constraint != "no_validation"
    }
    seen, wrong = set(), set()

    @settings(max_examples=300, derandomize=True, database=None, deadline=None)
    @given(parameters(constraints, always={}))
    def draws(drawn):
        seen.update(drawn.values)
        wrong.update(drawn.refused)

    draws()
    assert seen == set(constraints)
    assert len(wrong) > len(constraints) // 3  # others are in other draws


def test_a_parameter_without_values_is_told():
    with pytest.raises(ValueError, match="Add values of 'flavour', whose constraint is"):
        valid_values("flavour", [bytes])


def test_constraints_decide_what_is_refused():
    constraint = DGEXRegressor._parameter_constraints["n_towers"]
    assert satisfies(np.int64(3), constraint)
    assert not satisfies(0, constraint)
    assert not satisfies(2.5, constraint)
    odd_values("n_towers", constraint).validate()


def sound_case(**values) -> Case:
    rng = np.random.default_rng(0)
    X, y = rng.normal(8, 2, (20, 4)), rng.normal(8, 2, (20, 3))
    small = {"width": 8, "max_iter": 1, "random_state": 0, "device": "cpu"}
    return Case(
        "DGEXRegressor",
        Parameters({**small, **values}),
        Table(X, X, "array", "usual"),
        Table(y, y, "array", "usual"),
    )


class Faulty(DGEXRegressor):
    """A regressor that breaks one promise."""

    __init__ = DGEXRegressor.__init__
    fault = None

    def fit(self, X, y, sample_weight=None):
        if self.fault == "changes its input":
            X[0] += 1
        if self.fault == "moves the global generator":
            np.random.random()  # noqa: NPY002
        if self.fault == "an error of no kind":
            raise KeyError("gene")
        if self.fault == "an error by accident":
            np.zeros(3) + np.zeros(4)
        if self.fault == "hangs":
            while True:
                pass
        return super().fit(X, y, sample_weight)

    def predict(self, X):
        y = super().predict(X)
        if self.fault == "depends on its neighbours":
            y = y + 1e-3 * len(y)
        if self.fault == "another precision":
            y = y.astype(np.float32)
        if self.fault == "not a number":
            y[0, 0] = np.nan
        return y


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("changes its input", "an input was changed"),
        ("moves the global generator", "global generator was moved"),
        ("an error of no kind", "KeyError is no documented error"),
        ("an error by accident", "ValueError was not raised on purpose"),
        ("hangs", "it hangs"),
        ("depends on its neighbours", "some rows"),
        ("another precision", "the answer is float32"),
        ("not a number", "not finite"),
    ],
)
def test_the_oracle_sees_what_is_wrong(fault, told, monkeypatch):
    monkeypatch.setitem(ESTIMATORS, "DGEXRegressor", Faulty)
    monkeypatch.setattr(Faulty, "fault", fault)
    monkeypatch.setattr("fuzz_oracle.SECONDS", 1)
    monkeypatch.setattr(within.__wrapped__, "__defaults__", (1,))
    with pytest.raises(Wrong, match=told):
        examine(sound_case())


def test_the_oracle_passes_what_is_sound():
    assert examine(sound_case()).kind == "fit"


def test_wrong_blame_is_seen():
    case = sound_case(n_towers=0)
    case.parameters.refused.add("n_folds")
    with pytest.raises(Wrong, match="none of the wrong parameters"):
        examine(case)


def test_a_sentence_is_asked_of_errors():
    def vague():
        raise ValueError("bad")

    with pytest.raises(Wrong, match="was not raised on purpose"):
        guarded(vague)  # not by the package
    with pytest.raises(Wrong, match="no documented error"):
        check_refusal(ZeroDivisionError("a number of samples that is zero"))
