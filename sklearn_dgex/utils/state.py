"""Fits that fail leave the estimator as it was."""

from __future__ import annotations

from contextlib import contextmanager


@contextmanager
def unchanged_on_error(estimator):
    """Give an estimator back its attributes if the block raises; what they hold is not copied."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
