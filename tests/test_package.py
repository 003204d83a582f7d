"""The package as a whole: its version, its public names, how lightly it loads."""

import importlib
import importlib.metadata
import pkgutil
import subprocess
import sys

import pytest
from test_layers import TORCH_FREE

import sklearn_dgex

PUBLIC = [  # utils serves the house alone
    module.name
    for module in pkgutil.iter_modules(sklearn_dgex.__path__)
    if module.name[0] != "_" and module.name != "utils"
]
HEAVY = {"torch", "skorch", "numba", "matplotlib"}

# Prints a line a step: its name, and every package that scikit-learn alone would not have loaded.
UNFITTED = """
import pickle, sys
import sklearn.neural_network
from sklearn.base import clone

known = set(sys.modules)

def tell(step):
    loaded = {name.partition(".")[0] for name in set(sys.modules) - known}
    print(step, *loaded - sys.stdlib_module_names - {"sklearn", "sklearn_dgex"})

def refusal(call, *arguments):
    try:
        call(*arguments)
    except ValueError as error:
        return type(error).__name__

import sklearn_dgex
from sklearn_dgex import DGEXRegressor, LandmarkImputer, SDATransformer
tell("import")
estimators = [
    DGEXRegressor(n_towers=3),
    DGEXRegressor.from_paper("CR-D-GEX"),
    SDATransformer(4),
    LandmarkImputer(),
    LandmarkImputer(DGEXRegressor(loss="huber")),
]
tell("construct")
for estimator in estimators:
    clone(estimator).set_params(**estimator.get_params())
tell("clone")
for estimator in estimators:
    assert repr(estimator) and type(estimator).__name__ in estimator._repr_html_()
tell("show")
for estimator in estimators:
    assert repr(pickle.loads(pickle.dumps(estimator))) == repr(estimator)
tell("pickle")
X = [[0.0, 1.0], [1.0, 0.0]]
for estimator in estimators:
    assert not hasattr(estimator, "networks_") and not hasattr(estimator, "module_")
    assert refusal(getattr(estimator, "predict", estimator.score), X) == "NotFittedError"
tell("unfitted")
assert refusal(DGEXRegressor(solver="adam").fit, X, X) == "InvalidParameterError"
assert refusal(SDATransformer(noise="dropout").fit, X) == "InvalidParameterError"
assert refusal(LandmarkImputer(landmarks=0).fit, X) == "InvalidParameterError"
tell("refuse")
DGEXRegressor(max_iter=1, random_state=0).fit(10 * X, 10 * X)
tell("fit")
"""


def printed_by(code):
    """Lines that a new interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def loaded_by(*modules):
    """The heavy packages that a new interpreter holds after importing the modules."""
    code = f"import sys, {', '.join(modules)}; print(*{HEAVY!r} & set(sys.modules))"
    return set(printed_by(code)[0].split())


def test_version_is_the_installed_one():
    assert sklearn_dgex.__version__ == importlib.metadata.version("sklearn_dgex")


def test_front_door_loads_nothing_heavy():
    assert loaded_by("sklearn_dgex") == set()


def test_rooms_without_torch_load_nothing_heavy():
    rooms = [f"sklearn_dgex.{name}" for name in PUBLIC if name in TORCH_FREE]
    assert loaded_by("sklearn_dgex", *rooms) == set()


def test_help_is_at_once():
    """The commands' parsers need none of what the commands do."""
    code = (
        "import sys; from sklearn_dgex.__main__ import _parser; _parser().format_help(); "
        "print(*{'numpy', 'pandas', 'sklearn', 'torch'} & set(sys.modules))"
    )
    assert printed_by(code) == [""]


def test_torch_waits_for_the_first_fit():
    """Before it, estimators need no package that scikit-learn has not loaded anyway."""
    *light, fit = [line.split() for line in printed_by(UNFITTED)]
    steps = ["import", "construct", "clone", "show", "pickle", "unfitted", "refuse"]
    assert light == [[step] for step in steps]
    assert {"fit", "torch", "skorch"} <= set(fit)


def test_front_door_hands_out_its_names():
    assert set(sklearn_dgex.__all__) <= set(dir(sklearn_dgex))
    for name in sklearn_dgex.__all__:
        assert getattr(sklearn_dgex, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        sklearn_dgex.no_such_name  # noqa: B018


@pytest.mark.parametrize("room", [*PUBLIC, "training.autoencoder"])
def test_every_public_name_exists(room):
    module = importlib.import_module(f"sklearn_dgex.{room}")
    assert len(set(module.__all__)) == len(module.__all__)
    assert set(module.__all__) <= set(dir(module))
    missing = [name for name in module.__all__ if not hasattr(module, name)]
    assert not missing, f"sklearn_dgex.{room}.__all__ names {missing}, which it lacks"
