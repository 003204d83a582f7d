"""Packages that hand out names and load their modules only when one is asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any


def lazy_names(
    package: str, homes: dict[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return ``__getattr__``, ``__dir__`` and ``__all__`` for a package's ``__init__`` (PEP 562).

    Parameters
    ----------
    package : str
        Its ``__name__``.
    homes : dict of str to str
        The module, inside the package, in which each name stands.

    Examples
    --------
    >>> get, _, names = lazy_names("sklearn_dgex.utils", {"SCALINGS": "scaling"})
    >>> get("SCALINGS"), names
    (('standard', 'minmax', 'none'), ['SCALINGS'])
    """

    def get(name: str) -> Any:
        if name in homes:
            return getattr(import_module(f"{package}.{homes[name]}"), name)
        if name in set(homes.values()):  # a module itself, as if the package had imported it
            return import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes})

    return get, names, list(homes)
