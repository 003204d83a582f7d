"""The model card: what a model infers, how well, what made it and what to mind, in Markdown."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping

import numpy as np
from sklearn.base import BaseEstimator

from sklearn_dgex.metrics._report import TRUSTED
from sklearn_dgex.utils.genes import listed

CARD_START = "# Model card: "


def model_card(
    estimator, *, file: str = "model.safetensors", versions: Mapping[str, str] | None = None
) -> str:
    """Describe a fitted model to the people who get its file.

    Parameters
    ----------
    estimator : estimator
        As in :func:`save`.
    file : str, default="model.safetensors"
        The name that the text calls the model by.
    versions : mapping of str to str, default=None
        Versions of the libraries that fitted it; None leaves them out.

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
    regressor = _of_class(parts, "DGEXRegressor")
    sections = [
        f"{CARD_START}{file}",
        _summary(parts),
        _use(estimator, file),
        _genes(parts),
        "## Steps\n\n" + "\n".join(f"- {_step(name, part)}" for name, part in parts.items()),
        None if regressor is None else _quality(regressor.per_gene_quality_),
        _what_to_mind(regressor is not None),
        None if versions is None else _made_by(versions),
    ]
    return "\n\n".join(filter(None, sections)) + "\n"


def _parts(estimator, name: str = "model") -> Iterator[tuple[str, BaseEstimator]]:
    """Yield the estimators that a model is made of, with names."""
    if hasattr(estimator, "steps"):
        for step, part in estimator.steps:
            yield from _parts(part, step)
    elif isinstance(estimator, BaseEstimator):  # a step may be "passthrough", too
        yield name, estimator
        if hasattr(estimator, "regressor_"):
            yield from _parts(estimator.regressor_, f"{name}'s regressor")


def _of_class(parts: dict, name: str):
    return next((part for part in parts.values() if type(part).__name__ == name), None)


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
    call, result = "transform(X)", "an array, genes as get_feature_names_out() says"
    if hasattr(estimator, "infer"):
        call, result = "infer(X)", "a table of the inferred genes"
    elif hasattr(estimator, "predict"):
        call, result = "predict(X)", "an array"
    return "\n".join(
        [
            "## Use",
            "",
            "```python",
            "from sklearn_dgex.persistence import load",
            "",
            f"model = load({file!r})",
            f"result = model.{call}  # samples × genes: {result}",
            "```",
        ]
    )


def _genes(parts: dict) -> str | None:
    """Name the first genes that go in, and those that come out."""
    regressor = _of_class(parts, "DGEXRegressor")
    source = regressor if regressor is not None else next(iter(parts.values()), None)
    named = {
        "In": getattr(source, "feature_names_in_", None),
        "Inferred": getattr(source, "target_names_in_", None),
    }
    lines = [
        f"- {what}: {len(names):,} ({listed(list(names))})"
        for what, names in named.items()
        if names is not None
    ]
    return "## Genes\n\n" + "\n".join(lines) if lines else None


def _step(name: str, part: BaseEstimator) -> str:
    """Say in a line what a part is: its class, the parameters that are not default, and sizes."""
    described = f"{name}: `{type(part).__name__}({_parameters(part)})`"
    if hasattr(part, "tower_width_"):
        described += (
            f", {part.n_towers_} × {part.tower_width_} neurons a layer, {part.n_parameters_:,} "
            f"parameters, {part.n_members_} averaged, {part.n_iter_} epochs"
        )
    return described


def _parameters(part: BaseEstimator) -> str:
    defaults = inspect.signature(type(part)).parameters
    shown = []
    for name, value in part.get_params(deep=False).items():
        if isinstance(value, BaseEstimator):  # a step of its own, once it is fitted
            continue
        if hasattr(value, "__len__") and not isinstance(value, str):
            shown.append(f"{name}=<{len(value):,} values>")
        elif value is not defaults[name].default and value != defaults[name].default:
            shown.append(f"{name}={value!r}")
    return ", ".join(shown)


def _quality(quality) -> str:
    correlation = quality["correlation"].to_numpy()
    if np.isnan(correlation).all():
        return "## Quality\n\nNo samples were held out in training: not measured."
    lines = [
        "## Quality",
        "",
        "On samples that members did not learn from; replicates of these may have been among those "
        "that they did. Samples of another origin are inferred worse.",
        "",
        "| figure | value |",
        "|---|---|",
        f"| mean absolute error, median gene | {np.nanmedian(quality['mae']):.3g} |",
        f"| correlation, median gene | {np.nanmedian(correlation):.3f} |",
        f"| genes with a correlation above {TRUSTED} | {np.mean(correlation > TRUSTED):.0%} |",
    ]
    return "\n".join(lines)


def _what_to_mind(infers: bool) -> str:
    lines = [
        "- Genes are matched by name; values must be on the scale of the training profiles.",
        "- This card knows numbers alone: ask where the training profiles are from.",
    ]
    if infers:
        lines.append(
            "- Inferred values vary less than measured ones; confirm what rests on a single gene."
        )
    return "## What to mind\n\n" + "\n".join(lines)


def _made_by(versions: Mapping[str, str]) -> str:
    return "Made by " + ", ".join(f"{name} {version}" for name, version in versions.items()) + "."
