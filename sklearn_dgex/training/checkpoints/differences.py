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
    if _are_names(theirs) and _are_names(ours):
        return _difference_of_names(theirs, ours)
    return f"{_shown(theirs)} there, {_shown(ours)} here"


def _difference_of_names(theirs: list[str], ours: list[str]) -> str:
    only = {"there": sorted(set(theirs) - set(ours)), "here": sorted(set(ours) - set(theirs))}
    parts = [f"{len(theirs)} names there, {len(ours)} here"]
    parts += [f"only {place} {listed(names)}" for place, names in only.items() if names]
    if len(parts) == 1:
        pairs = enumerate(zip(theirs, ours, strict=False), 1)
        places = (f"at {i} {a!r} there, {b!r} here" for i, (a, b) in pairs if a != b)
        parts += [f"in another order, first {place}" for place in places][:1]
    return "; ".join(parts)


def _are_names(value) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(n, str) for n in value)


def _shown(value) -> str:
    if isinstance(value, str) and value.startswith("sha256:"):
        return "some"
    if _are_names(value):
        return f"{len(value)} names ({listed(value)})"
    return "none" if value is None else repr(value)
