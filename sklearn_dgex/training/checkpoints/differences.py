"""In what two fits differ, in words."""

from __future__ import annotations

from sklearn_dgex.utils.genes import listed


def differences(theirs: dict, ours: dict) -> list[str]:
    """Return a line for each entry in which two fingerprints differ."""
    names = [*ours, *(name for name in theirs if name not in ours)]
    return [
        f"{name}: {_difference(theirs.get(name), ours.get(name))}"
        for name in names
        if theirs.get(name) != ours.get(name)
    ]


def _difference(theirs, ours) -> str:
    if all(isinstance(value, str) and value.startswith("sha256:") for value in (theirs, ours)):
        return "other values"
    return f"{_shown(theirs)} there, {_shown(ours)} here"


def _shown(value) -> str:
    if isinstance(value, str) and value.startswith("sha256:"):
        return "some"
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return f"{len(value)} names ({listed(value)})"
    return "none" if value is None else repr(value)
