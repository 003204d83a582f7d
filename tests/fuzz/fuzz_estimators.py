"""One example of an estimator: drawn, fitted, asked, and held to what it promises."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from fuzz_oracle import check_state, close, copied, demand, equal, guarded, state_of
from fuzz_parameters import FUNCTIONS, VALID, Parameters, parameters
from fuzz_tables import (
    MOST_GENES,
    MOST_SAMPLES,
    WEIGHTS,
    WRONG,
    WRONG_WEIGHTS,
    Table,
    contained,
    reordered,
    rows_of,
    spoilt,
    tables,
    weights,
)
from hypothesis import strategies as st

from sklearn_dgex import DGEXRegressor, LandmarkImputer, SDATransformer
from sklearn_dgex.baselines import KNNGeneRegressor, LincsRegression
from sklearn_dgex.exceptions import DivergedError
from sklearn_dgex.persistence import load, save

ESTIMATORS = {
    "DGEXRegressor": DGEXRegressor,
    "SDATransformer": SDATransformer,
    "LandmarkImputer": LandmarkImputer,
}
REGRESSORS = ("network", "network", "linear", "neighbours", "nonsense")
SMALL = {  # whose defaults would train too long, or depend on what was drawn before
    name: st.sampled_from(VALID[name]) for name in ("device", "max_iter", "random_state")
}
# What may be sound to a fitted estimator that has it elsewhere, or has other names
IN_ITS_PLACE = {
    "DGEXRegressor": (),
    "SDATransformer": ("numbers for names",),
    "LandmarkImputer": ("nan", "infinite", "none"),  # in genes that it does not look at
}
# Words of refusals that no single parameter is to blame for
OF_DATA = ("samples", "genes", "landmarks", "values", "n_features", "weight")


class Outcome(NamedTuple):
    """What came of an example: "fit", or "refused" with the error's name."""

    kind: str
    error: str = ""


@dataclass
class Case:
    """What an estimator is made of and given."""

    name: str
    parameters: Parameters
    X: Table
    y: Table | None = None
    weight: object = None
    wrong: frozenset = frozenset()  # why the data must be refused
    regressor: Parameters | None = None  # of a LandmarkImputer's network
    seed: int = 0

    def estimator(self):
        """Make the estimator anew."""
        values = self.parameters.fresh()
        if self.name == "LandmarkImputer":
            values["regressor"] = self._regressor(values["regressor"])
        return ESTIMATORS[self.name](**values)

    def fit(self, estimator, *others):
        """Fit an estimator to the data of the case, or to other profiles and targets."""
        X, y = (*others, *self.inputs[len(others) : 2])
        keywords = {} if self.weight is None else {"sample_weight": self.weight}
        return estimator.fit(X, y, **keywords)

    def answer(self, estimator, X):
        """Ask a fitted estimator."""
        return estimator.predict(X) if self.name == "DGEXRegressor" else estimator.transform(X)

    @property
    def inputs(self) -> list:
        return [self.X.given, None if self.y is None else self.y.given, self.weight]

    @property
    def refused(self) -> set:
        """Names of parameters that no constraint allows."""
        return self.parameters.refused | (self.regressor.refused if self.uses_network else set())

    @property
    def uses_network(self) -> bool:
        return self.regressor is not None and self.parameters.values["regressor"] == "network"

    @property
    def given(self) -> dict:
        """All parameters that were set, those of a network within included."""
        return {**self.parameters.values, **(self.regressor.values if self.uses_network else {})}

    @property
    def random_state(self):
        """Source of the random numbers; 0 where none are drawn."""
        if self.name != "LandmarkImputer":
            return self.parameters.values["random_state"]
        return self.regressor.values["random_state"] if self.uses_network else 0

    def _regressor(self, kind: str):
        return {
            "network": lambda: DGEXRegressor(**self.regressor.fresh()),
            "linear": LincsRegression,
            "neighbours": lambda: KNNGeneRegressor(n_neighbors=1),
            "nonsense": lambda: "regressor",
        }[kind]()


@st.composite
def cases(draw, name: str) -> Case:
    """Draw an example: mostly sound, with at most one thing wrong in the data."""
    shape = draw(st.integers(0, MOST_SAMPLES)), draw(st.integers(0, MOST_GENES))
    if draw(st.integers(0, 3)):  # else too many would have nothing to fit
        shape = max(3, shape[0]), max(4, shape[1])
    spoils = draw(st.sampled_from(["nothing"] * 8 + ["X", "y", "weight"]))
    always = {"regressor": st.sampled_from(REGRESSORS)} if name == "LandmarkImputer" else SMALL
    constraints = ESTIMATORS[name]._parameter_constraints
    case = Case(name, draw(parameters(constraints, always=always)), None)
    bad_X = [wrong for wrong in WRONG if name != "SDATransformer" or wrong != "numbers for names"]
    case.X = draw(tables(shape, wrong=draw(st.sampled_from(bad_X)) if spoils == "X" else None))
    case.seed = draw(st.integers(0, 2**16))
    wrong = {case.X.wrong, *(["empty"] if 0 in shape else [])}
    if name == "DGEXRegressor":
        n_targets = draw(st.integers(0, 5)) or draw(st.integers(0, 2))
        bad_y = draw(st.sampled_from([*WRONG, "longer"])) if spoils == "y" else None
        size = shape[0] + (bad_y == "longer"), n_targets
        case.y = draw(
            tables(size, prefix="t", wrong=None if bad_y == "longer" else bad_y, flat=True)
        )
        wrong |= {bad_y, *(["no targets"] if not n_targets else [])}
    if name == "LandmarkImputer":
        case.regressor = draw(
            parameters(DGEXRegressor._parameter_constraints, always=SMALL, never=("callbacks",))
        )
    if name == "DGEXRegressor" or case.uses_network:
        kind = draw(st.sampled_from(WRONG_WEIGHTS if spoils == "weight" else WEIGHTS))
        case.weight = weights(kind, shape[0], np.random.default_rng(case.seed))
        wrong |= {f"weight {kind}"} if spoils == "weight" else set()
    case.wrong = frozenset(wrong - {None})
    return case


def examine(case: Case) -> Outcome:
    """Fit and ask; raise Wrong, or whatever came out unasked, if a promise is broken."""
    estimator, own = case.estimator(), case.random_state is not None
    before = state_of(estimator)
    result = guarded(lambda: case.fit(estimator), *case.inputs, own_generator=own)
    if isinstance(result, Exception):
        check_state(estimator, before)
        check_deserved(case, result)
        return Outcome("refused", type(result).__name__)
    demand(not case.wrong, f"a fit to data that are wrong: {sorted(case.wrong)}")
    demand(not case.refused, f"a fit with parameters that are wrong: {sorted(case.refused)}")
    demand(case.parameters.values.get("regressor") != "nonsense", "a fit with no regressor")
    demand(result is estimator, "fit does not return the estimator")
    check_answers(case, estimator)
    return Outcome("fit")


def check_deserved(case: Case, error: Exception) -> None:
    """Raise Wrong if sound data and parameters were refused, or the wrong ones blamed."""
    message = str(error)
    if case.parameters.refused or (case.refused and not case.wrong):  # those of a part come later
        named = any(f"'{name}'" in message for name in case.refused)
        named = named or (case.uses_network and "andmark" in message)  # which are chosen first
        demand(named, f"none of the wrong parameters {sorted(case.refused)} is named: {message}")
    elif case.wrong or case.parameters.values.get("regressor") == "nonsense":
        return
    elif "of the user's own" in message:  # what an activation raised
        demand("raising" in map(_name_of, case.given.values()), f"nobody raised {message}")
    elif isinstance(error, DivergedError):
        demand(len(case.given) > len(SMALL), f"defaults diverge: {message}")
    else:
        words = {*case.given, *OF_DATA}
        named = any(word in message for word in words) and not isinstance(error, OSError)
        named = named or "'checkpoint_dir'" in message
        demand(named, f"sound input was refused: {type(error).__name__}: {message}")


def check_answers(case: Case, estimator) -> None:
    """Hold a fitted estimator to its promises."""
    X, n = case.X.given, len(case.X.values)
    if is_refused_float32(case, estimator):
        return
    answer = asked(case, estimator, X)
    check_form(case, estimator, answer)
    rng = np.random.default_rng(case.seed)
    tolerance = 1e-4 if answer.dtype == np.float32 else 1e-9
    some, order = rng.permutation(n)[: 1 + n // 2], rng.permutation(n)
    for what, rows in (("some rows", some), ("rows in another order", order)):
        close(answer[rows], asked(case, estimator, rows_of(X, rows)), what, tolerance)
    if case.X.named:
        equal(answer, asked(case, estimator, reordered(X, rng)), "columns in another order")
    check_far(case, estimator, rng)
    check_copies(case, estimator, answer)
    check_refit(case, estimator, answer)
    if case.random_state is not None:
        again = case.estimator()
        demand(not isinstance(guarded(lambda: case.fit(again)), Exception), "the second fit fails")
        equal(answer, asked(case, again, X), "a second fit")
        check_layout(case, answer)
    SPECIAL[case.name](case, estimator, answer)


def is_refused_float32(case: Case, estimator) -> bool:
    """Whether answers as large as the data are refused, as float32 can't hold some of them."""
    tables = [case.X] if case.y is None else [case.X, case.y]
    if not case.X.single or max(np.abs(table.values).max() for table in tables) < 1e36:
        return False
    X, is_sda = case.X.given, case.name == "SDATransformer"
    answer = estimator.regenerate if is_sda else partial(case.answer, estimator)
    result = guarded(lambda: answer(X), X)
    return isinstance(result, ValueError) and "float64 profiles" in str(result)


def asked(case: Case, estimator, X) -> np.ndarray:
    """What a fitted estimator answers; it must."""
    result = guarded(lambda: case.answer(estimator, X), X)
    if isinstance(result, Exception):
        demand(False, f"profiles of the fit are refused: {type(result).__name__}: {result}")
    return result


def check_form(case: Case, estimator, answer) -> None:
    """Check type, precision, size and finiteness of an answer."""
    demand(type(answer) is np.ndarray, f"the answer is a {type(answer).__name__}")
    wanted = np.float32 if case.X.single else np.float64
    demand(answer.dtype == wanted, f"the answer is {answer.dtype} for {wanted.__name__} profiles")
    demand(len(answer) == len(case.X.values), "the answer has another number of samples")
    demand(np.isfinite(answer).all(), "the answer is not finite")
    demand(estimator.n_features_in_ == case.X.values.shape[1], "other n_features_in_")
    names = list(getattr(estimator, "feature_names_in_", []))
    demand(names == (list(case.X.given.columns) if case.X.named else []), "other names")


def check_far(case: Case, estimator, rng) -> None:
    """Check that profiles far from those of the fit are refused, or answered by numbers."""
    power = float(rng.choice([3, 30, 150, 300]))
    far = rng.normal(0, 1, case.X.values.shape) * 10.0**power
    if power == 30 and rng.random() < 0.5:
        far = far.astype(np.float32)
    given = contained(far, "pandas" if case.X.named else "array", "g")
    result = guarded(lambda: case.answer(estimator, given), given)
    if not isinstance(result, Exception):
        demand(np.isfinite(result).all(), f"no numbers come of profiles of 1e{power:.0f}")


def check_layout(case: Case, answer) -> None:
    """Check that a fit to plain arrays of the same values comes to the same, but for rounding."""
    X, y = case.X.plain(), None if case.y is None else case.y.plain()
    if "g0" in np.atleast_1d(case.parameters.values.get("landmarks")):
        return  # arrays have no names
    estimator = case.estimator()
    result = guarded(lambda: case.fit(estimator, X, y), X, y)
    demand(not isinstance(result, Exception), f"the same values in an array are refused: {result}")
    close(answer, asked(case, estimator, X), "a fit to plain arrays", 1e-2)


def check_copies(case: Case, estimator, answer) -> None:
    """Check that pickles and model files give the same answers."""
    X = case.X.given
    equal(answer, asked(case, copied(estimator), X), "a pickle")
    with tempfile.TemporaryDirectory() as folder:
        file = guarded(lambda: save(estimator, Path(folder) / "model.safetensors"))
        if isinstance(file, Exception):
            functions = any(callable(value) and value in FUNCTIONS for value in case.given.values())
            demand(functions, f"the fitted estimator can't be saved: {file}")
            demand(not list(Path(folder).iterdir()), "a failed save left a file")
            return
        again = guarded(lambda: load(file))
        demand(not isinstance(again, Exception), f"its file can't be opened: {again}")
        equal(answer, asked(case, again, X), "a model file")


def _name_of(value) -> str:
    return getattr(value, "__name__", "")


def check_refit(case: Case, estimator, answer) -> None:
    """Check that wrong data, to fit or to ask of, are refused and change nothing."""
    rng = np.random.default_rng(case.seed)
    kind = rng.choice([kind for kind in WRONG if kind not in IN_ITS_PLACE[case.name]])
    wrong, before = spoilt(kind, case.X.values, "g", rng), state_of(estimator)
    for call in (lambda: case.fit(estimator, wrong), lambda: case.answer(estimator, wrong)):
        result = guarded(call, wrong, own_generator=case.random_state is not None)
        demand(isinstance(result, Exception), f"{kind} values are taken by a fitted estimator")
        check_state(estimator, before)
    equal(answer, asked(case, estimator, case.X.given), "after refused data")


def check_regressor(case: Case, estimator, answer) -> None:
    """Check a DGEXRegressor's own promises."""
    y = case.y.values
    demand(answer.shape == np.shape(case.y.given), f"targets {y.shape}, answer {answer.shape}")
    table = guarded(lambda: estimator.infer(case.X.given))
    equal(answer.reshape(len(answer), -1), table.to_numpy(), "infer")
    if case.y.named:
        demand(list(table) == list(case.y.given.columns), "infer has other genes")
    demand(np.isfinite(estimator.loss_curve_).all(), "a loss is not finite")
    if estimator.target_scaling != "none":
        seen = y if case.weight is None else y[np.broadcast_to(case.weight, len(y)) > 0]
        for gene in np.flatnonzero((seen == seen[0]).all(axis=0)):
            value = seen[0, gene].astype(answer.dtype)
            found = answer.reshape(len(answer), -1)[:, gene]
            demand((found == value).all(), f"a constant target {value} comes as {found[:3]}")


def check_autoencoder(case: Case, estimator, answer) -> None:
    """Check an SDATransformer's own promises."""
    X = case.X.given
    codes, profiles = estimator.encode(X), estimator.regenerate(X)
    equal(answer, codes if estimator.output == "code" else profiles, "transform")
    demand(codes.shape == (len(answer), estimator.weights_.sizes[-1]), "other codes")
    demand(profiles.shape == case.X.values.shape, "other profiles")
    equal(profiles, estimator.decode(codes), "decode")
    low, high = {"sigmoid": (0, 1), "tanh": (-1, 1), "relu": (0, np.inf)}.get(
        estimator.activation, (-np.inf, np.inf)
    )
    demand(((codes >= low) & (codes <= high)).all(), "codes beyond their activation")
    demand(np.isfinite(estimator.score_samples(X)).all(), "a score is not finite")
    losses = [loss for curve in estimator.loss_curve_ for loss in curve]
    demand(np.isfinite(losses).all(), "a loss is not finite")


def check_imputer(case: Case, estimator, answer) -> None:
    """Check a LandmarkImputer's own promises."""
    landmarks, targets = estimator.landmark_indices_, estimator.target_indices_
    values = case.X.values.astype(answer.dtype)
    equal(answer[:, landmarks], values[:, landmarks], "landmarks are not kept")
    inferred = guarded(lambda: estimator.infer(case.X.given)).to_numpy()
    measured = estimator.keep_measured
    equal(answer[:, targets], values[:, targets] if measured else inferred, "inferred genes")
    if not case.X.named and not measured:
        alone = asked(case, estimator, np.ascontiguousarray(values[:, landmarks]))
        close(answer, alone, "landmarks alone", 1e-4 if answer.dtype == np.float32 else 1e-9)


SPECIAL = {
    "DGEXRegressor": check_regressor,
    "SDATransformer": check_autoencoder,
    "LandmarkImputer": check_imputer,
}
