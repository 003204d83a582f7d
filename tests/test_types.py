"""What type checkers are told of the public names. `.ci/types` asks one about a user's script."""

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import sklearn_dgex

PACKAGE = Path(sklearn_dgex.__file__).parent
LAZY = [path for path in PACKAGE.rglob("__init__.py") if "lazy_names(" in path.read_text()]
ROOMS = [  # training and utils serve the house
    "sklearn_dgex",
    *(
        f"sklearn_dgex.{module.name}"
        for module in pkgutil.iter_modules(sklearn_dgex.__path__)
        if module.name[0] != "_" and module.name not in ("exceptions", "training", "utils")
    ),
]


def names_for_checkers(source, package):
    """Homes of the names that a source imports for checkers alone, as its table has them."""
    (block,) = (
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    return {
        alias.name: line.module.removeprefix(f"{package}.")
        for line in block.body
        for alias in line.names
        if alias.asname == alias.name  # only so does a checker take it for a public name
    }


def names_of_table(source):
    (table,) = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Dict))
    return ast.literal_eval(table)


@pytest.mark.parametrize("path", LAZY, ids=lambda path: path.parent.name)
def test_checkers_see_what_a_lazy_package_hands_out(path):
    package = ".".join(["sklearn_dgex", *path.parent.relative_to(PACKAGE).parts])
    source = path.read_text(encoding="utf-8")
    assert names_for_checkers(source, package) == names_of_table(source)


def test_the_comparison_can_fail():
    assert len(LAZY) >= 4
    source = (
        "if TYPE_CHECKING:\n"
        "    from house.machines import Pump as Pump\n"
        "    from house.machines import Valve\n"
        "else:\n"
        "    names({'Pump': 'machines', 'Valve': 'machines'})\n"
    )
    assert names_for_checkers(source, "house") == {"Pump": "machines"}
    assert names_of_table(source) == {"Pump": "machines", "Valve": "machines"}


def own_functions(thing):
    """Functions of this package that a public name stands for, or has as methods."""
    if not inspect.isclass(thing):
        return [thing] if inspect.isfunction(thing) else []
    members = [
        member
        for parent in thing.__mro__
        if parent.__module__.startswith("sklearn_dgex.")
        for name, member in vars(parent).items()
        if name[0] != "_" or name == "__init__"
    ]
    members = [member.fget if isinstance(member, property) else member for member in members]
    functions = [inspect.unwrap(getattr(member, "__func__", member)) for member in members]
    return [function for function in functions if inspect.isfunction(function)]


@pytest.mark.parametrize("room", ROOMS)
def test_public_functions_say_what_they_return(room):
    module = importlib.import_module(room)
    functions = [
        function for name in module.__all__ for function in own_functions(getattr(module, name))
    ]
    assert functions
    untold = {
        function.__qualname__
        for function in functions
        if function.__module__.startswith("sklearn_dgex.")
        and inspect.signature(function).return_annotation is inspect.Signature.empty
    }
    assert not untold
