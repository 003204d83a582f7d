"""Keep the floor plan of docs/developing.md true: imports run downhill, rooms stay small."""

import ast
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import sklearn_dgex

PACKAGE = Path(sklearn_dgex.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
MAX_FILE_LINES, MAX_BODY_LINES = 400, 40
PRIVATE_SKLEARN = "utils/_sklearn_private.py"  # the one file that may import private names

GROUND = {"utils", "exceptions"}
FIRST = {"nn", "training", "metrics", "datasets", "preprocessing"}
SECOND = {"differential_expression", "plotting"}
THIRD = {"_dgex", "_sda", "_imputer", "baselines"}
FOURTH = {"model_selection", "persistence"}
EVERY_ROOM = GROUND | FIRST | SECOND | THIRD | FOURTH
TORCH_ROOMS = {"nn", "training"}  # their names load torch

MAY_IMPORT = {
    "exceptions": set(),
    "utils": {"exceptions"},
    **dict.fromkeys(FIRST, GROUND),
    "training": GROUND | {"nn"},  # whose networks it has a step of its own for
    **dict.fromkeys(SECOND, (FIRST | GROUND) - TORCH_ROOMS),
    **dict.fromkeys(THIRD, FIRST | GROUND),
    "_imputer": FIRST | GROUND | {"_dgex"},
    **dict.fromkeys(FOURTH, EVERY_ROOM - FOURTH),
    "_demo": EVERY_ROOM,
    "_cluster": EVERY_ROOM,
    "_commands": EVERY_ROOM | {"_demo", "_cluster"},
    "__main__": EVERY_ROOM | {"_commands"},
    "__init__": EVERY_ROOM,  # the front door: it only hands out what the rooms hold
}
TORCH_FREE = GROUND | SECOND | {"metrics", "datasets", "preprocessing"}
NUMERIC = frozenset({"numpy", "scipy", "sklearn", "pandas", "joblib"})
ONLY = {  # all that a room may use from outside, beside the standard library
    **dict.fromkeys(GROUND, NUMERIC),
    "utils": NUMERIC | {"IPython", "safetensors", "tqdm"},
    "nn": {"torch"},
}


class Import(NamedTuple):
    line: int
    module: str  # absolute
    name: str | None  # X of `from module import X`


def imports(tree, package):
    """Every import of a module in `package`, those inside functions and by name included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            yield from (Import(node.lineno, module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = getattr(node.func, "attr", getattr(node.func, "id", None))
            if called in ("import_module", "__import__") and isinstance(node.args[0].value, str):
                yield Import(node.lineno, node.args[0].value, None)


def is_private(name):
    return name.startswith("_") and not name.endswith("__")


def import_violations(source, where):
    """Lines `file:line: rule` of a module's source; `where` is its path inside the package."""
    parts = Path(where).with_suffix("").parts
    room, package = parts[0], ["sklearn_dgex", *parts[:-1]]
    if room not in MAY_IMPORT:
        return [f"sklearn_dgex/{where}:1: room '{room}' has no floor in the plan"]
    broken = []
    for line, module, name in imports(ast.parse(source), package):
        top, *inner = module.split(".")
        target = (inner or [name or "__init__"])[0]  # the room, where top is this package
        private = any(map(is_private, [*inner, name or ""])) or inner[:1] == ["externals"]
        rules = {
            f"{room} may not import {target}": top == "sklearn_dgex"
            and target not in MAY_IMPORT[room] | {room, "__version__"},
            f"{room} holds no torch": top == "torch" and room in TORCH_FREE,
            "only training imports skorch": top == "skorch" and room != "training",
            f"private scikit-learn names belong in {PRIVATE_SKLEARN}": top == "sklearn"
            and private
            and where != PRIVATE_SKLEARN,
            f"{room} may use only {', '.join(sorted(ONLY.get(room, ())))}": room in ONLY
            and top not in ONLY[room] | sys.stdlib_module_names | {"sklearn_dgex"},
        }
        broken += [
            f"sklearn_dgex/{where}:{line}: {rule}, got {module}{f'.{name}' if name else ''}"
            for rule, is_broken in rules.items()
            if is_broken
        ]
    return broken


def body_lines(function, lines):
    """Lines of code in a function's body: no docstring, blank line or comment."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if not body:
        return 0
    code = (line.strip() for line in lines[body[0].lineno - 1 : function.end_lineno])
    return sum(bool(line) and not line.startswith("#") for line in code)


def only_assigns(function):
    """Whether it is an estimator's __init__, as long as its list of parameters: self.x = x."""
    return function.name == "__init__" and all(
        isinstance(line, ast.Assign)
        and ast.unparse(line.targets[0]) == f"self.{ast.unparse(line.value)}"
        for line in function.body
    )


def size_violations(source, where):
    lines, broken = source.splitlines(), []
    if len(lines) > MAX_FILE_LINES:
        broken.append(
            f"sklearn_dgex/{where}:{MAX_FILE_LINES + 1}: a file has at most {MAX_FILE_LINES} "
            f"lines, got {len(lines)}"
        )
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            n_lines = body_lines(node, lines)
            if n_lines > MAX_BODY_LINES and not only_assigns(node):
                broken.append(
                    f"sklearn_dgex/{where}:{node.lineno}: a body has at most {MAX_BODY_LINES} "
                    f"lines, {node.name} has {n_lines}"
                )
    return broken


@pytest.mark.parametrize("check", [import_violations, size_violations])
def test_house(check):
    broken = []
    for path in SOURCES:
        broken += check(path.read_text(encoding="utf-8"), path.relative_to(PACKAGE).as_posix())
    assert not broken, "\n" + "\n".join(broken)


@pytest.mark.parametrize(
    ("where", "source", "rule"),
    [
        ("metrics/_mmae.py", "import torch.nn", "metrics holds no torch"),
        ("plotting/_errors.py", "def f():\n    from torch import nn", "plotting holds no torch"),
        ("plotting/_errors.py", "from ..nn import TAAF", "plotting may not import nn"),
        ("nn/taaf.py", "from ..training import fit", "nn may not import training"),
        ("nn/taaf.py", "import sklearn_dgex.training", "nn may not import training"),
        ("nn/taaf.py", "from .. import training", "nn may not import training"),
        ("nn/taaf.py", "from sklearn.base import clone", "nn may use only torch"),
        ("nn/taaf.py", "import_module('sklearn_dgex._dgex')", "nn may not import _dgex"),
        ("metrics/mmae.py", "from ..nn import TAAF", "metrics may not import nn"),
        ("training/loop.py", "from sklearn_dgex import DGEXRegressor", "not import DGEXRegressor"),
        ("training/loop.py", "import sklearn_dgex", "training may not import __init__"),
        ("exceptions.py", "from .utils import x", "exceptions may not import utils"),
        ("utils/x.py", "from ..metrics import mmae", "utils may not import metrics"),
        ("utils/x.py", "import polars", "utils may use only"),
        ("_dgex.py", "from ._sda import SDATransformer", "_dgex may not import _sda"),
        ("_dgex.py", "from .plotting import X", "_dgex may not import plotting"),
        ("_dgex.py", "import skorch", "only training imports skorch"),
        ("persistence.py", "from . import model_selection", "may not import model_selection"),
        ("_dgex.py", "from sklearn.base import _fit_context", "private scikit-learn"),
        ("_dgex.py", "from sklearn.utils._tags import Tags", "private scikit-learn"),
        ("_dgex.py", "from sklearn.externals import array_api_compat", "private scikit-learn"),
        ("attic/x.py", "", "room 'attic' has no floor"),
    ],
)
def test_the_import_check_can_fail(where, source, rule):
    line = len(source.splitlines()) or 1
    (message,) = import_violations(source, where)
    assert message.startswith(f"sklearn_dgex/{where}:{line}: ")
    assert rule in message


@pytest.mark.parametrize(
    ("where", "source"),
    [
        ("metrics/_mmae.py", "import numpy\nfrom ..utils import x\nfrom ._sample import y"),
        ("nn/taaf.py", "from __future__ import annotations\nimport math, torch\nfrom . import x"),
        ("training/loop.py", "import skorch\nfrom ..exceptions import DivergedError"),
        ("training/step.py", "from sklearn_dgex.nn import TowerNetwork"),
        ("_imputer.py", "from ._dgex import DGEXRegressor\nfrom .nn.sizing import tower_width"),
        ("persistence.py", "from . import __version__\nfrom ._dgex import DGEXRegressor"),
        ("utils/_sklearn_private.py", "from sklearn.base import _fit_context"),
        ("__main__.py", "from .model_selection import x"),
    ],
)
def test_the_import_check_can_pass(where, source):
    assert import_violations(source, where) == []


def test_the_size_check_can_fail():
    body = "    x = 1\n" * MAX_BODY_LINES
    fits = f'def f():\n    """One.\n\n    Two.\n    """\n\n    # why\n{body}'
    assert size_violations(fits, "_dgex.py") == []
    (message,) = size_violations(fits + "    x = 2\n", "_dgex.py")
    assert message == "sklearn_dgex/_dgex.py:1: a body has at most 40 lines, f has 41"
    assigns = "".join(f"    self.x{i} = x{i}\n" for i in range(MAX_BODY_LINES + 1))
    assert size_violations(f"def __init__(self):\n{assigns}", "_dgex.py") == []
    assert len(size_violations(f"def __init__(self):\n{assigns}    self.y = 1\n", "_dgex.py")) == 1
    assert size_violations("\n" * MAX_FILE_LINES, "_dgex.py") == []
    (message,) = size_violations("\n" * (MAX_FILE_LINES + 1), "_dgex.py")
    assert message == "sklearn_dgex/_dgex.py:401: a file has at most 400 lines, got 401"
