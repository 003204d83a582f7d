"""Errors and warnings with names of their own, so that programs can tell them apart."""

__all__ = [
    "ConstantGeneWarning",
    "DivergedError",
    "GeneMismatchError",
    "InterruptedFitWarning",
    "OvercompleteWarning",
    "SlowEngineWarning",
]


class GeneMismatchError(ValueError):
    """The genes of a table are not those the model was fitted with; the message lists the diff."""


class DivergedError(RuntimeError):
    """The training loss stopped being a finite number; the fitted estimator is as it was before."""


class InterruptedFitWarning(UserWarning):
    """A fit was stopped from the keyboard; the estimator holds the best weights seen until then."""


class ConstantGeneWarning(UserWarning):
    """Some genes do not vary in the samples given: there is nothing to learn from or of them."""


class OvercompleteWarning(UserWarning):
    """A hidden layer has more units than the level below it, which it may learn to copy."""


class SlowEngineWarning(UserWarning):
    """A small autoencoder is trained by torch, since numba for the compiled kernel is missing."""
