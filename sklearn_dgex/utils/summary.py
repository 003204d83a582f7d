"""What a fitted estimator tells at a glance, in scikit-learn's HTML box."""

from __future__ import annotations

import html
from collections.abc import Mapping

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklearn_dgex.utils._sklearn_private import VisualBlock

CELL = "padding: 0.3em 0.6em;"  # nearly as Jupyter has it; other pages have none


def _fitted(estimator: BaseEstimator) -> bool:
    check_is_fitted(estimator)
    return True


class FittedBox:
    """Mixin that adds a summary to the box of a fitted estimator in scikit-learn's HTML display.

    The estimator says by ``_summary()`` what stands in a table above its fitted attributes, and by
    ``_caption()`` what stands below its name, where the box is closed, too; ``_parts()`` are the
    estimators inside of it, by name. The table takes scikit-learn 1.9, which was the first to show
    fitted attributes.
    """

    def _get_fitted_attr_html(self, doc_link=""):
        attributes = super()._get_fitted_attr_html(doc_link)
        if attributes:  # an unfitted estimator may stand inside of a fitted one
            table = summary_table(self._summary()) + attributes._html_repr()
            attributes._html_repr = lambda: table
        return attributes

    @available_if(_fitted)
    def _sk_visual_block_(self):
        parts = self._parts()
        if parts:
            return VisualBlock(
                "parallel",
                list(parts.values()),
                names=[f"{name}: {type(part).__name__}" for name, part in parts.items()],
                name_details=list(map(str, parts.values())),
            )
        return VisualBlock(
            "single",
            self,
            names=type(self).__name__,
            name_details=str(self),
            name_caption=self._caption(),
        )

    def _parts(self) -> dict[str, BaseEstimator]:
        return {}


def summary_table(figures: Mapping[str, str]) -> str:
    """Lay figures out as a table that is open, in the style of scikit-learn's own.

    Parameters
    ----------
    figures : mapping of str to str
        What each row is called, and what it says, as plain text.

    Returns
    -------
    str
        HTML.
    """
    rows = "".join(
        f'<tr class="default"><td style="{CELL} white-space: nowrap">{html.escape(name)}</td>'
        f'<td style="{CELL}">{html.escape(text)}</td></tr>'
        for name, text in figures.items()
    )
    return (
        '<div class="estimator-table"><details open><summary>Summary</summary>'
        f'<table class="parameters-table" style="border-collapse: collapse; table-layout: auto">'
        f"<tbody>{rows}</tbody></table></details></div>"
    )


def counted(n: int, what: str) -> str:
    """Return a number and its noun, in the plural but for 1."""
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def share_above(values: np.ndarray, threshold: float) -> str:
    """Say which share of the values lies above a threshold; NaN does not."""
    n_above = int(np.sum(values > threshold))
    return f"{n_above / len(values):.0%} ({n_above:,} of {len(values):,})"
