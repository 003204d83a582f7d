"""The public names of the package, and what their docstrings say."""

import inspect
import re
from importlib import import_module

from numpydoc.docscrape import NumpyDocString, Parameter
from sklearn.base import BaseEstimator, is_regressor
from test_package import PUBLIC

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.datasets import make_expression

ROOMS = ["sklearn_dgex", *(f"sklearn_dgex.{name}" for name in PUBLIC), "sklearn_dgex.nn.sizing"]


def public_in(room: str) -> dict[str, object]:
    """Classes and functions of a module by their names, to which all are open."""
    module = import_module(room)
    names = getattr(module, "__all__", None) or [
        name for name, value in vars(module).items() if getattr(value, "__module__", "") == room
    ]
    values = {name: getattr(module, name) for name in names if not name.startswith("_")}
    return {f"{room}.{name}": value for name, value in values.items() if callable(value)}


def members_of(cls: type) -> dict[str, object]:
    """Functions and properties by the names of a class' public members, if this package's own."""
    members = {}
    for name in dir(cls):
        member = next((vars(c)[name] for c in cls.__mro__ if name in vars(c)), None)
        # Those of a class method, and of a method that is there on a condition:
        member = getattr(member, "__func__", getattr(member, "fn", member))
        of_property = getattr(member, "fget", None) or getattr(member, "func", None)
        function = inspect.unwrap(of_property or member)
        is_ours = inspect.isfunction(function) and function.__module__.startswith("sklearn_dgex")
        if is_ours and not name.startswith("_"):
            members[name] = member
    return members


def public() -> dict[str, object]:
    """All classes, functions, methods and properties that are open to users, by name."""
    found = {name: value for room in ROOMS for name, value in public_in(room).items()}
    for name, value in list(found.items()):
        if inspect.isclass(value):
            found |= {f"{name}.{part}": member for part, member in members_of(value).items()}
    return found


def parameters_of(documented) -> dict[str, inspect.Parameter]:
    """Parameters of a class or function by name, stars included, but for self and cls."""
    if inspect.isclass(documented) and issubclass(documented, Exception):
        return {}  # those of every exception
    if not callable(documented):
        return {}
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return {
        stars.get(parameter.kind, "") + name: parameter
        for name, parameter in inspect.signature(documented).parameters.items()
        if name not in ("self", "cls")
    }


def section(documented, name: str) -> dict[str, Parameter]:
    """Entries of a section by name, one for each of several names; `\\` ends no line in them."""
    doc = (inspect.getdoc(documented) or "").replace("\\\n", "")
    entries = {}
    for entry in NumpyDocString(doc)[name]:
        for each in entry.name.split(", "):
            assert each not in entries, f"{name} has {each!r} twice"
            entries[each] = entry
    return entries


def default_of(entry: Parameter) -> str | None:
    """What a type says the default is, as the code of a Python expression."""
    stated = re.search(r"default=(.+)$", entry.type)
    return stated and stated[1]


def options_of(entry: Parameter) -> list[str]:
    """Words that a type lists: those of {"a", "b"}, and those beside it, as in: int or "auto"."""
    listed, _, _ = entry.type.partition("default=")
    return re.findall(r'"([^"]*)"', listed)


def estimators() -> dict[str, type]:
    """Return estimators and transformers by name; training is the house's own."""
    found = {
        value.__name__: value
        for room in ROOMS
        if room != "sklearn_dgex.training"
        for value in public_in(room).values()
        if inspect.isclass(value) and issubclass(value, BaseEstimator)
    }
    return dict(sorted(found.items()))


ESTIMATORS = estimators()
# What makes a fit quick, or is asked for, by the name of the class.
NETWORK = {"width": 20, "n_towers": 2, "n_members": 2, "max_iter": 2, "learning_rate_init": 1e-4}
SMALL = {
    "DEAgreementStudy": {"sample_sizes": (4, 6), "n_repeats": 2},
    "DGEXRegressor": NETWORK,
    "LandmarkImputer": {"regressor": DGEXRegressor(**NETWORK, random_state=0), "landmarks": 4},
    "LandmarkSelector": {"n_landmarks": 3},
    "ProbeCollapser": {"gene_map": {f"L000{i}": f"gene{i // 2}" for i in range(1, 9)}},
    "SDATransformer": {
        "hidden_layer_sizes": (6, 3),
        "max_iter": 2,
        "loss": "squared_error",
        "learning_rate_init": 0.01,
    },
}
X, Y = make_expression(60, n_landmarks=8, n_targets=5, n_modules=3, as_frame=True, random_state=0)


def fitted(name: str, **parameters):
    """Fit an estimator on a few planted profiles of named genes."""
    cls = ESTIMATORS[name]
    seed = {"random_state": 0} if "random_state" in parameters_of(cls) else {}
    model = cls(**(seed | SMALL.get(name, {}) | parameters))
    if name == "DEAgreementStudy":
        return model.fit(Y, {"one": Y + 0.1, "another": Y})
    return model.fit(X, Y) if is_regressor(model) else model.fit(X)
