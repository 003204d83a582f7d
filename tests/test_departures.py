"""Each departure from the papers is marked in the code and explained in docs/departures.md."""

import re
from pathlib import Path

import sklearn_dgex

PACKAGE = Path(sklearn_dgex.__file__).parent
PAGE = Path(__file__).parent.parent / "docs" / "departures.md"
SLUG = r"[a-z0-9]+(?:-[a-z0-9]+)*"
MARK = re.compile(rf"# NOTE\[DIFF\] ({SLUG}): \S")
ROW = re.compile(rf"^\| `({SLUG})` \|", re.MULTILINE)


def departures(source):
    """Slugs marked in a source, and the line numbers of marks that are not in the one form."""
    slugs, malformed = set(), []
    for number, line in enumerate(source.splitlines(), 1):
        found = MARK.findall(line)
        slugs.update(found)
        if line.count("NOTE[DIFF]") != len(found):
            malformed.append(number)
    return slugs, malformed


def test_marks_and_page_agree():
    marked, malformed = set(), []
    for path in sorted(PACKAGE.rglob("*.py")):
        slugs, numbers = departures(path.read_text(encoding="utf-8"))
        marked |= slugs
        malformed += [f"sklearn_dgex/{path.relative_to(PACKAGE).as_posix()}:{n}" for n in numbers]
    listed = ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert not malformed, f"not in the form '# NOTE[DIFF] some-slug: why': {malformed}"
    assert len(set(listed)) == len(listed), "docs/departures.md lists a slug twice"
    assert not marked - set(listed), "marked in the code, absent from docs/departures.md"
    assert not set(listed) - marked, "listed in docs/departures.md, marked nowhere in the code"


def test_the_check_can_fail():
    source = "\n".join(
        [
            "x = 1  # NOTE[DIFF] mean-loss: the paper sums over outputs",
            "# NOTE[DIFF]: no slug",
            "# NOTE[DIFF] Not_a_slug: text",
            "# NOTE[DIFF] no-text:",
        ]
    )
    assert departures(source) == ({"mean-loss"}, [2, 3, 4])
    assert ROW.findall("| slug | x |\n| `mean-loss` | sum | mean |\n") == ["mean-loss"]
