"""Check that every link of a built site leads to a page, and to a place on it, that are there.

    python docs/check_links.py docs/_build/html

Links to other sites are not followed; ``python -m sphinx -b linkcheck docs FOLDER`` does.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LINKS = {"a": "href", "img": "src", "link": "href", "script": "src", "source": "srcset"}


class Page(HTMLParser):
    """What a page links to, and the names of its places."""

    def __init__(self, path: Path):
        super().__init__()
        self.links: set[str] = set()
        self.places: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.places |= {attributes[name] for name in ("id", "name") if attributes.get(name)}
        if attributes.get(LINKS.get(tag)):
            self.links.add(attributes[LINKS[tag]])


def broken_links(site: Path) -> list[str]:
    """Return a line for each link that leads nowhere."""
    found = (path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts)
    pages = {path.resolve(): Page(path) for path in found}
    lines = []
    for path, page in pages.items():
        for link in sorted(page.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            place = unquote(parts.fragment)
            lacks_place = place and target in pages and place not in pages[target].places
            if not target.exists() or lacks_place:
                lines.append(f"{path.relative_to(site.resolve())}: {link}")
    return lines


def main() -> None:
    lines = broken_links(Path(sys.argv[1]))
    print("\n".join(lines) or "every link leads somewhere")
    sys.exit(bool(lines))


if __name__ == "__main__":
    main()
