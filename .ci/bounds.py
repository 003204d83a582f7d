"""The versions that pyproject.toml allows and constraints.txt pins, for CI and the documentation.

``python .ci/bounds.py lowest`` prints the lowest allowed version of each package that the tests
need, as requirements; ``python .ci/bounds.py table`` writes docs/supported_versions.md's table.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "supported_versions.md"
TABLE = re.compile(r"(<!-- versions -->\n).*?(<!-- /versions -->)", re.DOTALL)
BOUND = re.compile(r"([A-Za-z0-9_.-]+)>=([0-9.]+)(; .+)?")
ITSELF = re.compile(r"sklearn_dgex\[([a-z,]+)\]")
PIN = re.compile(r"([A-Za-z0-9_.-]+)==([^\s;]+)")
EXTRAS = ("anndata", "fast", "fetch", "gctx", "onnx", "plot", "scale")  # what users install


def normalized(name: str) -> str:
    """Return a package's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements(extra: str | None = None) -> list[str]:
    """Return what the package itself needs, or one of its extras with those that it names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    if extra is None:
        return project["dependencies"]
    listed = []
    for requirement in project["optional-dependencies"][extra]:
        others = ITSELF.fullmatch(requirement)
        for other in others[1].split(",") if others else ():
            listed += requirements(other)
        if not others:
            listed.append(requirement)
    return listed


def lower_bound(requirement: str) -> tuple[str, str, str]:
    """Return name, lowest version and marker of ``name>=version; marker``, the one allowed form."""
    found = BOUND.fullmatch(requirement)
    if found is None:
        sys.exit(f"pyproject.toml: a dependency is written 'name>=version'. Got {requirement!r}.")
    return found[1], found[2], found[3] or ""


def lowest(extra: str = "test") -> list[str]:
    """Return the lowest versions for the package and an extra, as requirements."""
    bounds = map(lower_bound, [*requirements(), *requirements(extra)])
    return [f"{name}=={version}{marker}" for name, version, marker in bounds]


def pinned() -> dict[str, str]:
    """Return the tested version of each package."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    return {normalized(name): version for name, version in PIN.findall(text)}


def table() -> str:
    """Return the table of the packages that users install, as Markdown."""
    tested = pinned()
    rows = ["| package | for | lowest | tested |", "|---|---|---|---|"]
    for extra in (None, *EXTRAS):
        for name, version, _ in map(lower_bound, requirements(extra)):
            use = "the package" if extra is None else f"extra `{extra}`"
            newest = tested.get(normalized(name), "newest")
            rows.append(f"| {name} | {use} | {version} | {newest} |")
    return "\n".join(rows) + "\n"


def main(task: str) -> None:
    """Print or write what the command asks for."""
    if task == "lowest":
        print("\n".join(lowest()))
    elif task == "table":
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(TABLE.sub(rf"\g<1>{table()}\g<2>", page), encoding="utf-8")
    else:
        sys.exit(f"The task must be 'lowest' or 'table'. Got {task!r} instead.")


if __name__ == "__main__":
    main(*sys.argv[1:])
