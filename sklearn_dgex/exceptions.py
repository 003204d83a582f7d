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
    "SampleOrderWarning",
    "SlowEngineWarning",
    "SmallMemoryWarning",
    "UnknownGenesWarning",
]


class GeneMismatchError(ValueError):
    """The genes of a table are not those the model was fitted with; the message lists the diff.

    Examples
    --------
    >>> from sklearn_dgex.baselines import LincsRegression
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.exceptions import GeneMismatchError
    >>> X, y = make_expression(40, n_landmarks=8, n_targets=5, as_frame=True, random_state=0)
    >>> model = LincsRegression().fit(X, y)
    >>> try:
    ...     model.predict(X.drop(columns="L0001"))
    ... except GeneMismatchError as error:
    ...     print(error)
    The landmark genes must be the 8 of the fitted model.
      - missing from the table (1): 'L0001'
    Their order does not matter; select or rename the columns to match.
    """


class DivergedError(RuntimeError):
    """The training loss stopped being a finite number; the fitted estimator is as it was before.

    Examples
    --------
    >>> from sklearn_dgex import DGEXRegressor
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.exceptions import DivergedError
    >>> X, y = make_expression(40, n_landmarks=8, n_targets=5, random_state=0)
    >>> model = DGEXRegressor(max_iter=2, solver="sgd", learning_rate_init=1e30, random_state=0)
    >>> try:
    ...     model.fit(X, y)
    ... except DivergedError:
    ...     model.set_params(learning_rate_init=1e-3).fit(X, y).n_iter_
    2
    """


class RankLostError(RuntimeError):
    """Another process of a fit by several ended or can't be heard; without it no fit goes on.

    Examples
    --------
    A function for a script that torchrun starts on every rank; one process alone loses none:

    >>> from sklearn_dgex import DGEXRegressor
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.exceptions import RankLostError
    >>> def fit_or_leave(model, X, y):
    ...     try:
    ...         return model.fit(X, y)
    ...     except RankLostError as error:
    ...         raise SystemExit(str(error))  # torchrun --max-restarts then starts all again
    >>> X, y = make_expression(40, n_landmarks=8, n_targets=5, random_state=0)
    >>> fit_or_leave(DGEXRegressor(max_iter=2, random_state=0), X, y).n_iter_
    2
    """


class ModelFileError(ValueError):
    """A file does not hold a model that this version can read; the message says what is wrong.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_dgex.exceptions import ModelFileError
    >>> from sklearn_dgex.persistence import load
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "model.safetensors"
    >>> _ = path.write_text("<html>404: not found</html>")  # a download that failed
    >>> try:
    ...     load(path)
    ... except ModelFileError as error:
    ...     print(error)
    The model file must be one that sklearn_dgex saved. Got ...
    >>> folder.cleanup()
    """


class CheckpointMismatchError(ValueError):
    """Checkpoints are of a fit with other data or parameters; the message lists what differs.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_dgex import DGEXRegressor
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.exceptions import CheckpointMismatchError
    >>> X, y = make_expression(40, n_landmarks=8, n_targets=5, random_state=0)
    >>> folder = tempfile.TemporaryDirectory()
    >>> model = DGEXRegressor(max_iter=2, checkpoint_dir=folder.name, random_state=0).fit(X, y)
    >>> try:
    ...     model.set_params(n_towers=3).fit(X, y)
    ... except CheckpointMismatchError as error:
    ...     print(str(error).splitlines()[1])
      - n_towers: 5 there, 3 here
    >>> folder.cleanup()
    """


class CheckpointFileError(ValueError):
    """A checkpoint can't be read, or none of a folder's can; the message says why.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_dgex import DGEXRegressor
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.exceptions import CheckpointFileError
    >>> X, y = make_expression(40, n_landmarks=8, n_targets=5, random_state=0)
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "checkpoint-000001.safetensors"
    >>> _ = path.write_bytes(b"")  # as after a fault of the disk
    >>> try:
    ...     DGEXRegressor(max_iter=2, checkpoint_dir=folder.name, random_state=0).fit(X, y)
    ... except CheckpointFileError:
    ...     path.unlink()  # to train anew
    >>> model = DGEXRegressor(max_iter=2, checkpoint_dir=folder.name, random_state=0).fit(X, y)
    >>> model.n_iter_
    2
    >>> folder.cleanup()
    """


class CheckpointWarning(UserWarning):
    """A checkpoint could not be written, or a damaged one was passed over; the fit goes on.

    Examples
    --------
    >>> import tempfile, warnings
    >>> from pathlib import Path
    >>> from sklearn_dgex import DGEXRegressor
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.exceptions import CheckpointWarning
    >>> X, y = make_expression(40, n_landmarks=8, n_targets=5, random_state=0)
    >>> folder = tempfile.TemporaryDirectory()
    >>> model = DGEXRegressor(
    ...     max_iter=2, checkpoint_dir=folder.name, checkpoint_every=1, random_state=0
    ... ).fit(X, y)
    >>> (Path(folder.name) / "checkpoint-000002.safetensors").write_bytes(b"")  # a damaged one
    0
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", CheckpointWarning)
    ...     model = model.fit(X, y)
    >>> print(caught[0].message)
    The fit goes on from 'checkpoint-000001.safetensors', since what is newer does not open: ...
    >>> folder.cleanup()
    """


class LeftOutWarning(UserWarning):
    """A saved model goes without a parameter that files can't hold and inference does not need.

    Examples
    --------
    >>> import tempfile, warnings
    >>> from sklearn_dgex import DGEXRegressor
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.exceptions import LeftOutWarning
    >>> from sklearn_dgex.persistence import load, save
    >>> X, y = make_expression(40, n_landmarks=8, n_targets=5, random_state=0)
    >>> folder = tempfile.TemporaryDirectory()
    >>> model = DGEXRegressor(max_iter=2, checkpoint_dir=folder.name, random_state=0).fit(X, y)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", LeftOutWarning)
    ...     file = save(model, f"{folder.name}/model.safetensors")
    >>> print(load(file).checkpoint_dir)
    None
    >>> folder.cleanup()
    """


class InterruptedFitWarning(UserWarning):
    """A fit was stopped from the keyboard; the estimator holds the best weights seen until then.

    Examples
    --------
    >>> import warnings
    >>> from skorch.callbacks import Callback
    >>> from sklearn_dgex import DGEXRegressor
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.exceptions import InterruptedFitWarning
    >>> class Impatient(Callback):
    ...     def on_epoch_end(self, net, **kwargs):
    ...         raise KeyboardInterrupt  # as Ctrl-C does
    >>> X, y = make_expression(40, n_landmarks=8, n_targets=5, random_state=0)
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", InterruptedFitWarning)
    ...     model = DGEXRegressor(max_iter=9, callbacks=[Impatient()], random_state=0).fit(X, y)
    >>> print(caught[0].message)
    The fit was interrupted in epoch 1 of 9; the estimator keeps the best weights, ...
    >>> model.n_iter_
    1
    """


class ConstantGeneWarning(UserWarning):
    """Some genes do not vary in the samples given: there is nothing to learn from or of them.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_dgex import DGEXRegressor
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.exceptions import ConstantGeneWarning
    >>> X, y = make_expression(40, n_landmarks=8, n_targets=5, as_frame=True, random_state=0)
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", ConstantGeneWarning)
    ...     model = DGEXRegressor(max_iter=2, random_state=0).fit(X.assign(L0001=1.0), y)
    >>> print(caught[0].message)
    1 of 8 landmark genes do not vary in the training samples (the first is 'L0001') ...
    """


class OvercompleteWarning(UserWarning):
    """A hidden layer has more units than the level below it, which it may learn to copy.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_dgex import SDATransformer
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.exceptions import OvercompleteWarning
    >>> X, _ = make_expression(40, n_landmarks=8, n_targets=5, random_state=0)
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", OvercompleteWarning)
    ...     model = SDATransformer(hidden_layer_sizes=20, max_iter=2, random_state=0).fit(X)
    >>> print(caught[0].message)
    A hidden layer has 20 units on 8 below it, which it may learn to copy; ...
    """


class SampleOrderWarning(UserWarning):
    """X and y name the same samples in different orders, and were matched by position.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_dgex.baselines import LincsRegression
    >>> from sklearn_dgex.exceptions import SampleOrderWarning
    >>> X = pd.DataFrame({"a": [1.0, 2.0, 4.0]}, index=["one", "two", "three"])
    >>> y = 2 * X[::-1]
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", SampleOrderWarning)
    ...     _ = LincsRegression().fit(X, y)
    >>> [warning.category.__name__ for warning in caught]
    ['SampleOrderWarning']
    >>> _ = LincsRegression().fit(X, y.loc[X.index])
    """


class SlowEngineWarning(UserWarning):
    """A small autoencoder is trained by torch, since numba for the compiled kernel is missing.

    Examples
    --------
    Rather no fit than one without numba:

    >>> import warnings
    >>> from sklearn_dgex import SDATransformer
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.exceptions import SlowEngineWarning
    >>> X, _ = make_expression(40, n_landmarks=8, n_targets=5, random_state=0)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", SlowEngineWarning)
    ...     model = SDATransformer(hidden_layer_sizes=4, max_iter=2, random_state=0).fit(X)
    >>> model.engine_
    'kernel'
    """


class SmallMemoryWarning(UserWarning):
    """A batch does not fit the device's memory, and is learnt from in pieces.

    Examples
    --------
    The result is that of a larger device, but for rounding, so the warning may be turned off:

    >>> import warnings
    >>> from sklearn_dgex import DGEXRegressor
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.exceptions import SmallMemoryWarning
    >>> X, y = make_expression(40, n_landmarks=8, n_targets=5, random_state=0)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", SmallMemoryWarning)
    ...     model = DGEXRegressor(max_iter=2, random_state=0).fit(X, y)
    >>> model.n_iter_
    2
    """


class UnknownGenesWarning(UserWarning):
    """A table holds genes that the fitted model does not know; they are ignored.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_dgex import LandmarkImputer
    >>> from sklearn_dgex.baselines import LincsRegression
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.exceptions import UnknownGenesWarning
    >>> X, y = make_expression(40, n_landmarks=8, n_targets=5, as_frame=True, random_state=0)
    >>> imputer = LandmarkImputer(LincsRegression(), landmarks=list(X)).fit(X.join(y))
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", UnknownGenesWarning)
    ...     whole = imputer.transform(X.assign(EGFR=0.0))
    >>> print(caught[0].message)
    1 of 9 columns are genes unknown to the fitted model ('EGFR') and are ignored.
    """


class FilledLandmarksWarning(UserWarning):
    """Landmarks that were not measured were filled from the means of the training samples.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_dgex import LandmarkImputer
    >>> from sklearn_dgex.baselines import LincsRegression
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.exceptions import FilledLandmarksWarning
    >>> X, y = make_expression(40, n_landmarks=8, n_targets=5, as_frame=True, random_state=0)
    >>> imputer = LandmarkImputer(LincsRegression(), list(X), missing_landmarks="mean")
    >>> imputer = imputer.fit(X.join(y))
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", FilledLandmarksWarning)
    ...     whole = imputer.transform(X.drop(columns="L0001"))
    >>> print(str(caught[0].message).partition(";")[0])
    1 of 8 landmarks ('L0001') were filled from the training means, in 40 of 40 samples
    """
