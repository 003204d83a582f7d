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
HEAVY = {"torch", "skorch", "matplotlib"}


def loaded_by(*modules):
    """The heavy packages that a new interpreter holds after importing the modules."""
    code = f"import sys, {', '.join(modules)}; print(*{HEAVY!r} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


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
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []


def test_front_door_hands_out_its_names():
    assert set(sklearn_dgex.__all__) <= set(dir(sklearn_dgex))
    for name in sklearn_dgex.__all__:
        assert getattr(sklearn_dgex, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        sklearn_dgex.no_such_name  # noqa: B018


@pytest.mark.parametrize("room", PUBLIC)
def test_every_public_name_exists(room):
    module = importlib.import_module(f"sklearn_dgex.{room}")
    assert len(set(module.__all__)) == len(module.__all__)
    missing = [name for name in module.__all__ if not hasattr(module, name)]
    assert not missing, f"sklearn_dgex.{room}.__all__ names {missing}, which it lacks"
