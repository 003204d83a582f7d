"""save and load: a fitted estimator in one file that cannot run code when it is opened."""

from __future__ import annotations

import os
import platform
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sklearn.exceptions import InconsistentVersionWarning
from sklearn.utils.validation import check_is_fitted

from sklearn_dgex.exceptions import LeftOutWarning, ModelFileError
from sklearn_dgex.persistence._card import CARD_START, model_card
from sklearn_dgex.persistence._classes import ESTIMATORS, KINDS
from sklearn_dgex.persistence._container import DAMAGE, MODEL_FILE
from sklearn_dgex.persistence._values import Decoder, Encoder, Unstorable
from sklearn_dgex.utils.files import check_target, write_aside
from sklearn_dgex.utils.genes import listed

LIBRARIES = ("sklearn_dgex", "numpy", "pandas", "scikit-learn", "scipy", "skorch", "torch")


def save(estimator, path: str | os.PathLike, *, card: bool = True) -> Path:
    """Write a fitted estimator into one file: weights, names of genes, statistics, history.

    The file is in the safetensors format: arrays, and a JSON header that describes the model in
    words. :func:`load` opens it without running anything that it holds, so it may come from anyone,
    which must not be said of a pickle. The file appears at once when all of it is written; if that
    fails, an older file of the same name is as it was.

    Parameters
    ----------
    estimator : estimator
        A fitted :class:`~sklearn_dgex.DGEXRegressor`, :class:`~sklearn_dgex.SDATransformer` or
        :class:`~sklearn_dgex.LandmarkImputer`, a transformer of
        :mod:`sklearn_dgex.preprocessing`, a regressor of :mod:`sklearn_dgex.baselines`, a Pipeline
        of such, or one of scikit-learn's usual scalers, imputers and linear models among its steps.
    path : str or path-like
        Where to write; ".safetensors" is the usual ending.
    card : bool, default=True
        Whether to write the model card beside it, under the same name and ".md" for
        ".safetensors".

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    TypeError
        If the estimator, or a parameter of it, is nothing that such a file can hold.
    NotFittedError
        If it is not fitted.
    ValueError
        If the card would replace another text.
    OSError
        If the file can't be written.

    Warns
    -----
    LeftOutWarning
        If ``callbacks``, ``checkpoint_dir`` or a pipeline's ``memory``, which serve fits alone, had
        to be left out.

    See Also
    --------
    load : Open such a file.
    model_card : The text of the card.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from sklearn_dgex import DGEXRegressor
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.persistence import load, save
    >>> X, y = make_expression(60, n_landmarks=8, n_targets=5, random_state=0)
    >>> model = DGEXRegressor(n_members=1, max_iter=3, random_state=0).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = save(model, os.path.join(folder, "model.safetensors"))
    ...     bool(np.array_equal(load(file).predict(X), model.predict(X)))
    True
    """
    path = check_model_path(path) if card else Path(path)
    encoder = Encoder(KINDS)
    if type(estimator).__name__ in ESTIMATORS:  # others get the sentence on what may be saved
        check_is_fitted(estimator)
    try:
        description = encoder.encode(estimator, "")
    except Unstorable as hurdle:
        raise _refusal(hurdle) from hurdle
    if not isinstance(description, dict) or "estimator" not in description:
        raise _refusal(Unstorable(estimator, ""))
    if encoder.left_out:
        warnings.warn(
            f"The saved model goes without {listed(encoder.left_out)}, which a file can't hold and "
            "inference does not need; set it again before another fit.",
            LeftOutWarning,
            stacklevel=2,
        )
    versions = library_versions()
    text = model_card(estimator, file=path.name, versions=versions) if card else None
    MODEL_FILE.write(path, description, encoder.arrays, versions)
    if text is not None:
        with write_aside(card_path(path)) as aside:
            aside.write_text(text, encoding="utf-8")
    return path


def load(path: str | os.PathLike, *, verify: bool = True) -> Any:
    """Open a file that :func:`save` wrote; nothing in it is executed or imported.

    Classes are looked up by name in a list of this package. Arrays are mapped into memory, so a
    model of gigabytes opens at once and shares its pages with other processes; what later training
    changes is private and never reaches the file.

    Parameters
    ----------
    path : str or path-like
        The file.
    verify : bool, default=True
        Whether to compare the content with the checksum in the header, at some gigabytes a second.
        The checksum tells damage, not authorship.

    Returns
    -------
    estimator
        The fitted estimator: the same parameters, attributes and predictions, on any device.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ModelFileError
        If it is no model, is cut off or damaged, or needs a newer version of this package.

    Warns
    -----
    InconsistentVersionWarning
        If it holds an estimator of scikit-learn's own that another version fitted.

    Notes
    -----
    A model may still be wrong or useless: a safe format says nothing of who trained it on what.
    Don't change the file in place while it is open; writing anew to the same name is safe.

    Examples
    --------
    >>> import os, tempfile
    >>> from sklearn_dgex.baselines import LincsRegression
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.persistence import load, save
    >>> X, y = make_expression(60, n_landmarks=8, n_targets=5, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = save(LincsRegression("gcv").fit(X, y), os.path.join(folder, "model.safetensors"))
    ...     model = load(file)
    >>> model
    LincsRegression(alpha='gcv')
    >>> model.predict(X[:2]).shape
    (2, 5)
    """
    estimator, _ = _open(path, verify)
    return estimator


def describe(path: str | os.PathLike) -> str:
    """Card of a model file, with the versions that made it.

    Raises
    ------
    FileNotFoundError, ModelFileError
        As :func:`load` does, or if what it holds lacks what the card tells.
    """
    estimator, versions = _open(path, verify=True)
    try:
        return model_card(estimator, file=Path(path).name, versions=versions)
    except DAMAGE as error:
        raise ModelFileError(
            f"The model in {os.fspath(path)!r} must be a fitted one. Got a "
            f"{type(estimator).__name__} that lacks what its fit sets; save it anew."
        ) from error


def check_model_path(path: str | os.PathLike) -> Path:
    """Return where a model would be written, after checking that it and its card could be."""
    path = Path(path)
    if path.suffix == ".md":
        raise ValueError(
            "The name of a model must not end in '.md', as its card's does. Got "
            f"{str(path)!r}; '.safetensors' is the usual ending."
        )
    check_target(path)
    card = check_target(card_path(path))
    if card.exists() and not card.read_bytes().startswith(CARD_START.encode()):
        raise ValueError(
            "The model's card must not replace another text. Got one in "
            f"{str(card_path(path))!r}; rename it or the model, or save with card=False."
        )
    return path


def card_path(path: str | os.PathLike) -> Path:
    """Where the card of a model stands: the same name, and ".md" for ".safetensors"."""
    path = Path(path)
    return path.with_name(path.name.removesuffix(".safetensors") + ".md")


def library_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that take part in a fit."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def _open(path: str | os.PathLike, verify: bool):
    """Estimator of a model file, and the versions that fitted it."""
    description, arrays, versions = MODEL_FILE.read(path, verify=verify)
    decoder = Decoder(KINDS, arrays)
    try:
        estimator = decoder.decode({"estimator": description["estimator"]})
    except DAMAGE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelFileError(
            f"The header of {os.fspath(path)!r} must describe a model that this version knows. Got "
            f"one that it does not ({reason:.200}); update sklearn_dgex, or save the model anew."
        ) from error
    _warn_other_version(decoder.classes, versions)
    return estimator, versions


def _warn_other_version(classes: list[str], versions: dict[str, str]) -> None:
    """Warn of estimators whose attributes another scikit-learn may have named otherwise."""
    theirs = [name for name in classes if ESTIMATORS[name].startswith("sklearn.")]
    fitted_by, here = str(versions.get("scikit-learn")), version("scikit-learn")
    if theirs and fitted_by != here:
        warnings.warn(
            InconsistentVersionWarning(
                estimator_name=", ".join(dict.fromkeys(theirs)),
                current_sklearn_version=here,
                original_sklearn_version=fitted_by,
            ),
            stacklevel=4,
        )


def _refusal(hurdle: Unstorable) -> TypeError:
    name = type(hurdle.value).__name__
    if not hurdle.path:
        remedy = (
            "pass its best_estimator_"
            if hasattr(hurdle.value, "best_estimator_")
            else ("use joblib.dump for others, whose files run code when they are opened")
        )
        return TypeError(
            "The 'estimator' parameter must be an estimator of sklearn_dgex or a Pipeline of such "
            f"and scikit-learn's scalers. Got {name} instead; {remedy}."
        )
    return TypeError(
        "A saved model must be made of numbers, text, arrays and estimators that sklearn_dgex "
        f"knows. Got {name} in {hurdle.path!r}; give functions by name, or use joblib.dump, whose "
        "files run code when they are opened."
    )
