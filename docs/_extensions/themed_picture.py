"""A picture in two looks and two widths: the directive ``themed-picture``.

``{themed-picture} networks`` shows docs/_static/drawn/networks-light.svg on light pages and
networks-dark.svg on dark ones, whatever the system's own theme; on phones the "-tall" ones, if
there are any. The content is the text for those who can't see it.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

PHONE = "(max-width: 600px)"


class ThemedPicture(SphinxDirective):
    """Write one ``picture`` for each look; the theme hides the other."""

    required_arguments = 1
    has_content = True
    option_spec = {"width": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        (name,) = self.arguments
        drawn = Path(self.env.srcdir, "_static", "drawn")
        if not (drawn / f"{name}-light.svg").exists():
            raise self.error(f"no picture {name!r} is drawn; see docs/draw")
        up = "../" * self.env.docname.count("/")
        text, width = escape(" ".join(self.content)), self.options.get("width", "100%")
        parts = []
        for look in ("light", "dark"):
            tall = ""
            if (drawn / f"{name}-tall-{look}.svg").exists():
                tall = f'<source media="{PHONE}" srcset="{up}_static/drawn/{name}-tall-{look}.svg">'
            parts.append(
                f'<picture class="only-{look}">{tall}<img class="only-{look}" alt="{text}" '
                f'src="{up}_static/drawn/{name}-{look}.svg" style="width: {width}"></picture>'
            )
        html = f'<div class="themed-picture">{"".join(parts)}</div>'
        return [nodes.raw("", html, format="html")]


def setup(app) -> dict:
    """Add the directive."""
    app.add_directive("themed-picture", ThemedPicture)
    return {"version": "1", "parallel_read_safe": True}
