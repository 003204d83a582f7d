"""
Callbacks that watch a fit, and end it
======================================

``DGEXRegressor`` calls skorch's callbacks while it learns, and one of your own takes a few lines.
Here, one follows how fast each layer learns, and another ends the fit when its time is up.
"""

# %%
# What a callback can hear is in skorch's documentation: the beginning of a fit, the end of each
# epoch and more. ``net.module_`` is the torch network, ``net.history`` holds the losses.
from time import monotonic

import matplotlib.pyplot as plt
import pandas as pd
import torch
from skorch.callbacks import Callback

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.datasets import load_ecoli_precise
from sklearn_dgex.plotting import TrainingCurveDisplay

LAYERS = {
    "input_weight": "hidden layer 1",
    "hidden_layers.0.weight": "hidden layer 2",
    "hidden_layers.1.weight": "hidden layer 3",
    "output_weight": "output layer",
    "linear_weight": "linear path",
}


class LayerSteps(Callback):
    """How far each epoch moves the weights of a layer, as a share of their length."""

    def on_train_begin(self, net, **kwargs):
        self.steps = []
        self.before = self.weights(net)

    def on_epoch_end(self, net, **kwargs):
        now, norm = self.weights(net), torch.linalg.vector_norm
        self.steps.append({k: float(norm(w - self.before[k]) / norm(w)) for k, w in now.items()})
        self.before = now

    @staticmethod
    def weights(net):
        parameters = dict(net.module_.named_parameters())
        return {name: parameters[name].detach().clone() for name in LAYERS}


class TimeBudget(Callback):
    """End the fit after the first epoch that is over when the time is up."""

    def __init__(self, seconds):
        self.seconds = seconds

    def on_train_begin(self, net, **kwargs):
        self.end = monotonic() + self.seconds

    def on_epoch_end(self, net, **kwargs):
        if monotonic() >= self.end:
            net.stop_training_ = True


# %%
# Both listen to epochs alone, which costs next to nothing. A callback that listens to batches, by
# ``on_grad_computed`` for instance, makes the fit take a slower way, as it needs all gradients at
# hand.
data = load_ecoli_precise()
X, y = data.data, data.target.iloc[:, :300]
watch = LayerSteps()
model = DGEXRegressor(n_members=2, max_iter=100, callbacks=[watch], random_state=0).fit(X, y)

# %%
# The learning rate warms up and then falls along half a cosine, and the steps follow it. The linear
# path starts at zero, so at first all that it has learned is the step of the last epoch.
figure, axes = plt.subplots(3, 1, figsize=(6.4, 7.4), layout="constrained", sharex=True)
TrainingCurveDisplay.from_estimator(
    model, axes=axes[:2], score_label="validation MMAE,\nlog2(TPM + 1)"
)
axes[1].set_xlabel("")
shades = plt.colormaps["viridis"]([0.0, 0.3, 0.6, 0.85])
steps = pd.DataFrame(watch.steps, index=range(1, model.n_iter_ + 1)).rename(columns=LAYERS)
for (name, curve), shade in zip(steps.items(), [*shades, "black"], strict=True):
    axes[2].semilogy(curve, color=shade, ls="--" if name == "linear path" else "-", label=name)
axes[2].set(xlabel="epoch", ylabel="step, as a share\nof the weights' length")
axes[2].spines[["top", "right"]].set_visible(False)
figure.legend(loc="outside lower center", ncols=3, frameon=False)
plt.show()

# %%
# A thousand epochs, but no longer than two seconds. The weights kept are those of the best epoch,
# as ever. A rate that falls over epochs that never come is of no use: here it stays constant.
model = DGEXRegressor(
    n_members=2,
    max_iter=1000,
    n_iter_no_change=1000,
    learning_rate="constant",
    learning_rate_init=2e-3,
    callbacks=[TimeBudget(seconds=2)],
    random_state=0,
)
began = monotonic()
model.fit(X, y)
print(f"{model.n_iter_} epochs in {monotonic() - began:.1f} s")
print(f"lowest validation MMAE: {model.best_validation_score_:.3f}")
