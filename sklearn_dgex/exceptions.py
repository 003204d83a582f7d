"""Errors and warnings with names of their own, so that programs can tell them apart."""

__all__ = [
    "CheckpointFileError",
    "CheckpointMismatchError",
    "CheckpointWarning",
    "ConstantGeneWarning",
    "DivergedError",
    "FilledLandmarksWarning",
    "GeneMismatchError",
    "InterruptedFitWarning",
    "LeftOutWarning",
    "ModelFileError",
    "OvercompleteWarning",
    "RankLostError",
    "SlowEngineWarning",
    "SmallMemoryWarning",
    "UnknownGenesWarning",
]


class GeneMismatchError(ValueError):
    """The genes of a table are not those the model was fitted with; the message lists the diff."""


class DivergedError(RuntimeError):
    """The training loss stopped being a finite number; the fitted estimator is as it was before."""


class RankLostError(RuntimeError):
    """Another process of a fit by several ended or can't be heard; without it no fit goes on."""


class ModelFileError(ValueError):
    """A file does not hold a model that this version can read; the message says what is wrong."""


class CheckpointMismatchError(ValueError):
    """Checkpoints are of a fit with other data or parameters; the message lists what differs."""


class CheckpointFileError(ValueError):
    """A checkpoint can't be read, or none of a folder's can; the message says why."""


class CheckpointWarning(UserWarning):
    """A checkpoint could not be written, or a damaged one was passed over; the fit goes on."""


class LeftOutWarning(UserWarning):
    """A saved model goes without a parameter that files can't hold and inference does not need."""


class InterruptedFitWarning(UserWarning):
    """A fit was stopped from the keyboard; the estimator holds the best weights seen until then."""


class ConstantGeneWarning(UserWarning):
    """Some genes do not vary in the samples given: there is nothing to learn from or of them."""


class OvercompleteWarning(UserWarning):
    """A hidden layer has more units than the level below it, which it may learn to copy."""


class SlowEngineWarning(UserWarning):
    """A small autoencoder is trained by torch, since numba for the compiled kernel is missing."""


class SmallMemoryWarning(UserWarning):
    """A batch does not fit the device's memory, and is learnt from in pieces."""


class UnknownGenesWarning(UserWarning):
    """A table holds genes that the fitted model does not know; they are ignored."""


class FilledLandmarksWarning(UserWarning):
    """Landmarks that were not measured were filled from the means of the training samples."""
