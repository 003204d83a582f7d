"""Check that a tag, the package's version and the files that name it agree before a release.

``python .ci/check_release.py v0.1.0`` prints what differs, and fails if anything does.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def package_version(root: Path = ROOT) -> str:
    """Return ``__version__`` as it is written, without importing the package."""
    source = (root / "sklearn_dgex" / "__init__.py").read_text(encoding="utf-8")
    return re.search(r'^__version__ = "(.+)"$', source, re.MULTILINE)[1]


def newest_change(root: Path = ROOT) -> tuple[str, str]:
    """Return the version and the date, or "unreleased", of CHANGELOG.md's first heading."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    return re.search(r"^## \[(.+?)\] - (\S+)$", text, re.MULTILINE).groups()


def cited_version(root: Path = ROOT) -> str:
    """Return the version that CITATION.cff names."""
    text = (root / "CITATION.cff").read_text(encoding="utf-8")
    return re.search(r"^version: (\S+)$", text, re.MULTILINE)[1]


def disagreements(tag: str, root: Path = ROOT) -> list[str]:
    """Return what stands in the way of a release under a tag, a sentence each."""
    version = package_version(root)
    changed, date = newest_change(root)
    supported = (root / "SECURITY.md").read_text(encoding="utf-8")
    minor = version.rpartition(".")[0]
    hurdles = {
        f"The tag must be 'v{version}', by __version__. Got {tag!r} instead.": tag != f"v{version}",
        f"CHANGELOG.md starts with version {changed}, not {version}.": changed != version,
        f"CHANGELOG.md has no date for {changed}, but {date!r}.": not re.fullmatch(
            r"\d{4}-\d\d-\d\d", date
        ),
        f"CITATION.cff names version {cited_version(root)}, not {version}.": (
            cited_version(root) != version
        ),
        f"SECURITY.md has no row for version {minor}.": f"| {minor} |" not in supported,
    }
    return [sentence for sentence, is_hurdle in hurdles.items() if is_hurdle]


if __name__ == "__main__":
    sys.exit("\n".join(disagreements(*sys.argv[1:])) or None)
