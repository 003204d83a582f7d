"""Which genes fit and evaluate count as well inferred."""

from __future__ import annotations

TRUSTED = 0.5  # a correlation that explains a quarter of the gene's variance


def share_trusted(correlation) -> str:
    """Share of genes whose correlation lies above ``TRUSTED``, in percent."""
    return f"{(correlation > TRUSTED).mean():.0%}"
