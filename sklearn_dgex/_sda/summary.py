"""What a fitted SDATransformer tells at a glance."""

from __future__ import annotations


def summary(estimator) -> dict[str, str]:
    """Name the figures of the last fit: network, training, loss."""
    recipe = estimator.recipe_
    place = "" if len(estimator.weights_.sizes) == 2 else " (first layer)"
    return {
        "Layers": layers(estimator),
        "Corruption": f"{in_words(recipe.noise)}, {recipe.corruption_level:g}{place}",
        "Engine": estimator.engine_,
        "Epochs": f"{estimator.n_iter_:,}",
        "Reconstruction loss": f"{_losses(estimator)} ({in_words(recipe.loss)})",
    }


def layers(estimator) -> str:
    """Write the units of each level, down to the code and up again."""
    sizes = estimator.weights_.sizes
    return " → ".join(f"{size:,}" for size in [*sizes, *sizes[-2::-1]])


def _losses(estimator) -> str:
    """Tell the first and last epoch's loss: of the whole, or of each layer if it was not tuned."""
    tuned, curves = estimator.finetune_loss_curve_, estimator.loss_curve_
    shown = [tuned] if tuned else [curve for curve in curves if curve]
    return ", then ".join(f"{curve[0]:.4g} → {curve[-1]:.4g}" for curve in shown)


def in_words(option: str) -> str:
    """Write an option as a reader would."""
    return option.replace("_", " ")
