"""Check what a wheel and a source distribution hold: ``python .ci/check_files.py WHEEL SDIST``.

Both hold every file under sklearn_dgex/ that git knows, the wheel its licences, and neither is
larger than a package of code and two small data sets has any reason to be.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

MOST_BYTES = 6_000_000
LICENCES = ("LICENSE", "sklearn_dgex/datasets/data/spellman_yeast.COPYING")


def known_files() -> set[str]:
    """Return the package's files, by git."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "sklearn_dgex"], check=True, capture_output=True, text=True
    )
    return {name for name in listed.stdout.split("\0") if name}


def flaws(path: Path, names: set[str], wanted: set[str]) -> list[str]:
    """Return what is wrong with one file of a release, a sentence each."""
    missing, size = sorted(wanted - names), path.stat().st_size
    print(f"{path.name}: {len(names)} files, {size / 1e6:.2f} MB")
    told = [f"{path.name} lacks {', '.join(missing)}."] if missing else []
    if size > MOST_BYTES:
        told.append(f"{path.name} has {size:,} bytes, more than {MOST_BYTES:,}.")
    return told


def main(wheel: Path, sdist: Path) -> None:
    """Print the sizes of both, and fail with all that is wrong."""
    packed = {name.partition("/licenses/")[2] or name for name in zipfile.ZipFile(wheel).namelist()}
    with tarfile.open(sdist) as archive:
        source = {name.partition("/")[2] for name in archive.getnames()}
    known = known_files()
    told = flaws(wheel, packed, {*known, *LICENCES}) + flaws(sdist, source, {*known, "LICENSE"})
    sys.exit("\n".join(told) or None)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
