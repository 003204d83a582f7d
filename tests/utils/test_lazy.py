import importlib
import sys

import pytest

INIT = """
from sklearn_dgex.utils.lazy import lazy_names

here = 1
__getattr__, __dir__, __all__ = lazy_names(__name__, {"Pump": "machines", "PORT": "far.away"})
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of two modules, one of them deeper inside."""
    folder = tmp_path / "lazy_house"
    (folder / "far").mkdir(parents=True)
    (folder / "__init__.py").write_text(INIT)
    (folder / "machines.py").write_text("class Pump: pass\n")
    (folder / "far" / "__init__.py").touch()
    (folder / "far" / "away.py").write_text("PORT = 7\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("lazy_house")
    for name in [name for name in sys.modules if name.partition(".")[0] == "lazy_house"]:
        del sys.modules[name]


def loaded():
    return {name for name in sys.modules if name.startswith("lazy_house.")}


def test_a_module_is_loaded_with_the_first_of_its_names(package):
    assert package.__all__ == ["Pump", "PORT"]
    assert {"Pump", "PORT", "here"} <= set(dir(package))
    assert package.here == 1
    assert loaded() == set()
    assert package.Pump is sys.modules["lazy_house.machines"].Pump
    assert loaded() == {"lazy_house.machines"}
    from lazy_house import PORT

    assert PORT == 7
    assert package.Pump is package.Pump


def test_names_that_are_not_there(package):
    with pytest.raises(AttributeError, match=r"module 'lazy_house' has no attribute 'pump'"):
        package.pump  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'pump'"):
        from lazy_house import pump  # noqa: F401
    assert loaded() == set()


def test_a_star_brings_all(package):
    names = {}
    exec("from lazy_house import *", names)
    assert {"Pump", "PORT"} <= set(names)
    assert "here" not in names


def test_a_module_that_cannot_be_loaded_says_so_itself(package, monkeypatch):
    monkeypatch.setitem(sys.modules, "lazy_house.machines", None)
    with pytest.raises(ModuleNotFoundError, match=r"lazy_house\.machines"):
        package.Pump  # noqa: B018
