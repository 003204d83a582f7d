"""How many genes are well inferred, in the words of fit and evaluate."""

from __future__ import annotations

from sklearn_dgex.metrics._report import TRUSTED


def share_trusted(correlation) -> str:
    """Share of genes whose correlation lies above ``TRUSTED``, in percent."""
    return f"{(correlation > TRUSTED).mean():.0%}"
