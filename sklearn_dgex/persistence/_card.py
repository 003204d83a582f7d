"""The model card: what a model infers, how well, what made it and what to mind, in Markdown."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import numpy as np
from sklearn.base import BaseEstimator

from sklearn_dgex import __version__
from sklearn_dgex.utils.genes import N_NAMES_SHOWN


def model_card(estimator, *, file: str = "model.safetensors") -> str:
    """Describe a fitted model to the people who get its file.

    Parameters
    ----------
    estimator : estimator
        As in :func:`save`.
    file : str, default="model.safetensors"
        The name that the text calls the model by.

    Returns
    -------
    str
        Markdown: what the model does, its genes, its steps and their sizes, how well it inferred
        samples held out in training, the versions that made it, and what to mind.

    Examples
    --------
    >>> from sklearn_dgex import SDATransformer
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.persistence import model_card
    >>> X, _ = make_expression(60, n_landmarks=8, n_targets=1, random_state=0)
    >>> print(model_card(SDATransformer(4, max_iter=2, random_state=0).fit(X)).splitlines()[0])
    # Model card: model.safetensors
    """
    parts = dict(_parts(estimator))
    sections = [
        f"# Model card: {file}",
        _summary(parts),
        _use(estimator, file),
        *(text for part in parts.values() for text in [_genes(part)] if text),
        "## Steps\n\n" + "\n".join(f"- {_step(name, part)}" for name, part in parts.items()),
        *(text for part in parts.values() for text in [_quality(part)] if text),
        _what_to_mind(parts),
        f"Made by sklearn_dgex {__version__}.",
    ]
    return "\n\n".join(sections) + "\n"


def _parts(estimator, name: str = "model") -> Iterator[tuple[str, object]]:
    """Yield the estimators that a model is made of, with names."""
    if hasattr(estimator, "named_steps"):
        for step, part in estimator.steps:
            yield from _parts(part, step)
        return
    yield name, estimator
    if hasattr(estimator, "regressor_"):
        yield from _parts(estimator.regressor_, f"{name}'s regressor")


def _of_class(parts: dict, *names: str):
    return next((part for part in parts.values() if type(part).__name__ in names), None)


def _summary(parts: dict) -> str:
    regressor, autoencoder = _of_class(parts, "DGEXRegressor"), _of_class(parts, "SDATransformer")
    if regressor is not None:
        return (
            f"Infers the expression of {regressor.n_outputs_:,} genes from "
            f"{regressor.n_features_in_:,} landmark genes, by deep gene expression inference "
            "(D-GEX)."
        )
    if autoencoder is not None:
        return (
            f"Regenerates profiles of {autoencoder.n_features_in_:,} features by a stacked "
            f"denoising autoencoder with codes of {autoencoder.weights_.sizes[-1]}."
        )
    return "A fitted " + ", ".join(type(part).__name__ for part in parts.values()) + "."


def _use(estimator, file: str) -> str:
    verb = next(verb for verb in ("predict", "transform") if hasattr(estimator, verb))
    return "\n".join(
        [
            "## Use",
            "",
            "```python",
            "from sklearn_dgex.persistence import load",
            "",
            f'result = load("{file}").{verb}(X)  # samples × genes, columns named by gene',
            "```",
        ]
    )


def _genes(part) -> str | None:
    lines = []
    for what, names in (
        ("Landmarks", getattr(part, "landmark_names_", getattr(part, "feature_names_in_", None))),
        ("Inferred genes", getattr(part, "target_names_in_", None)),
    ):
        if names is not None and type(part).__name__ == "DGEXRegressor":
            shown = ", ".join(map(str, names[:N_NAMES_SHOWN]))
            more = ", …" if len(names) > N_NAMES_SHOWN else ""
            lines.append(f"- {what} ({len(names):,}): {shown}{more}")
    return "## Genes\n\n" + "\n".join(lines) if lines else None


def _step(name: str, part) -> str:
    """Say in a line what a part is: its class, the parameters that are not default, and sizes."""
    described = f"{name}: `{type(part).__name__}({_parameters(part)})`"
    if hasattr(part, "tower_width_"):
        described += (
            f", {part.n_towers_} × {part.tower_width_} neurons a layer, {part.n_parameters_:,} "
            f"parameters, {part.n_members_} averaged, {part.n_iter_} epochs"
        )
    return described


def _parameters(part) -> str:
    defaults = inspect.signature(type(part)).parameters
    shown = []
    for name, value in part.get_params(deep=False).items():
        if isinstance(value, BaseEstimator):  # a step of its own, once it is fitted
            continue
        if np.ndim(value) or (hasattr(value, "__len__") and not isinstance(value, str)):
            shown.append(f"{name}=<{len(value):,} values>")
        elif value is not defaults[name].default and value != defaults[name].default:
            shown.append(f"{name}={value!r}")
    return ", ".join(shown)


def _quality(part) -> str | None:
    quality = getattr(part, "per_gene_quality_", None)
    if quality is None or type(part).__name__ != "DGEXRegressor":
        return None
    correlation = quality["correlation"].to_numpy()
    if np.isnan(correlation).all():
        return "## Quality\n\nNo samples were held out in training: not measured."
    lines = [
        "## Quality",
        "",
        "On samples that members did not learn from:",
        "",
        "| figure | value |",
        "|---|---|",
        f"| mean absolute error, median gene | {np.nanmedian(quality['mae']):.3g} |",
        f"| correlation, median gene | {np.nanmedian(correlation):.3f} |",
        f"| genes with a correlation above 0.5 | {np.mean(correlation > 0.5):.0%} |",
    ]
    return "\n".join(lines)


def _what_to_mind(parts: dict) -> str:
    lines = [
        "- Genes are matched by name; values must be on the scale of the training profiles.",
        "- Profiles unlike the training samples (another tissue, platform or normalisation) are "
        "inferred worse than the figures above say.",
    ]
    if _of_class(parts, "DGEXRegressor") is not None:
        lines.append(
            "- Inferred values vary less than measured ones; confirm what rests on a single gene."
        )
    return "## What to mind\n\n" + "\n".join(lines)
