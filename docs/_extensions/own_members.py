"""Templates of classes list the members that are this package's own, not those of others."""

from __future__ import annotations

import importlib
import inspect


def own_members(fullname: str) -> list[str]:
    """Return public methods and properties of a class that this package's classes define."""
    module, _, name = fullname.rpartition(".")
    found = getattr(importlib.import_module(module), name)
    ours = [base for base in found.__mro__ if base.__module__.partition(".")[0] == "sklearn_dgex"]
    return sorted(
        {
            member
            for base in ours
            for member, value in vars(base).items()
            if not member.startswith("_") and _is_shown(value) and value.__doc__
        }
    )


def _is_shown(value) -> bool:
    # No descriptors: scikit-learn's set_*_request are its own.
    return inspect.isfunction(value) or isinstance(value, property | classmethod | staticmethod)


def setup(app) -> dict:
    """Let the templates ask."""
    app.config.autosummary_context["own_members"] = own_members
    return {"version": "1", "parallel_read_safe": True}
