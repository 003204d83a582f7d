"""The network of the papers in Keras, with a layer of TAAFs as its authors built it.

Keras takes its backend when it is imported, so each backend trains in a process of its own, which
this file is the program of. It waits for lines of JSON: first the case, then numbers of epochs.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

BACKENDS = ("torch", "jax")


def backends() -> list[str]:
    """Those that can be tried here: none without Keras."""
    if importlib.util.find_spec("keras") is None:
        return []
    return [name for name in BACKENDS if importlib.util.find_spec(name) is not None]


class KerasChild:
    """A process that trains with one backend, and waits between rounds.

    Parameters
    ----------
    backend : {"torch", "jax"}
    case : dict
        ``x`` and ``y``, two files of arrays, ``batch_size``, and ``network``, the arguments of the
        TowerNetwork to be built.
    """

    def __init__(self, backend: str, case: dict):
        self.name = f"Keras, {backend}"
        self.n_steps = case["n_steps"]
        settings = {"KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **settings},
        )
        built = self._ask(case)
        self.n_parameters, self.versions = built["n_parameters"], built["versions"]

    def run(self, n_epochs: int) -> list[float]:
        """Seconds a step in each of so many epochs, after one that warms up."""
        return [seconds / self.n_steps for seconds in self._ask(n_epochs)]

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()

    def _ask(self, question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"The process of {self.name} ended with {self.process.wait()}.")
        return json.loads(answer)


def taaf_layer():
    """Return the layer's class: Keras must not be imported before its backend is chosen."""
    import keras

    class TAAF(keras.layers.Layer):
        """``alpha * f(beta * z + gamma) + delta``, one set of four a neuron."""

        def __init__(self, function, **kwargs):
            super().__init__(**kwargs)
            self.function = keras.activations.get(function)

        def build(self, input_shape):
            for name, start in (("alpha", 1), ("beta", 1), ("gamma", 0), ("delta", 0)):
                fill = keras.initializers.Constant(float(start))
                weight = self.add_weight(
                    shape=(input_shape[-1],), initializer=fill, name=name, trainable=True
                )
                setattr(self, name, weight)

        def call(self, z):
            return self.alpha * self.function(self.beta * z + self.gamma) + self.delta

    return TAAF


def keras_network(network: dict):
    """Build the network that the arguments of a TowerNetwork describe, each tower by itself."""
    import keras

    taaf, layers = taaf_layer(), keras.layers
    k, w = network["n_towers"], network["tower_width"]

    def layer(number: int, inputs: list) -> list:
        """Return the weighted sums of each tower's neurons."""
        return [
            layers.Dense(w, use_bias=False, name=f"dense_{number}_{t}")(h)
            for t, h in enumerate(inputs)
        ]

    def activated(number: int, sums: list) -> list:
        rate = network["dropout"][number]
        hidden = [taaf("sigmoid", name=f"taaf_{number}_{t}")(z) for t, z in enumerate(sums)]
        return [layers.Dropout(rate)(h) for h in hidden] if rate else hidden

    x = keras.Input((network["n_features_in"],))
    first = towers = activated(0, layer(0, [x] * k))
    for number, shift in enumerate(network["reconnection"], start=1):
        sums = layer(number, reconnected(towers, shift, w // 2))
        towers = activated(number, reconnected(sums, -shift, w // 2))
        if number == 1 and network["skip_connection"]:
            towers = [layers.Add()([h, h1]) for h, h1 in zip(towers, first, strict=True)]
    mean = layers.Average()(towers) if k > 1 else towers[0]
    z = layers.Dense(network["n_targets"], use_bias=False, name="dense_output")(mean)
    return keras.Model(x, taaf("linear", name="taaf_output")(z))


def reconnected(towers: list, shift: int, half: int) -> list:
    """Join the first half of each tower with the second one of the tower ``shift`` before it."""
    import keras

    k = len(towers)
    if shift % k == 0:
        return towers
    return [
        keras.layers.Concatenate()([h[:, :half], towers[(t - shift) % k][:, half:]])
        for t, h in enumerate(towers)
    ]


def epoch_clock():
    """Return a Keras callback that keeps the seconds of each epoch."""
    import keras

    class EpochClock(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.seconds = []

        def on_epoch_begin(self, epoch, logs=None):
            self.started = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            float(logs["loss"])  # JAX runs ahead: the epoch has ended when its loss is known
            self.seconds.append(time.perf_counter() - self.started)

    return EpochClock()


def serve(questions, answer) -> None:
    """Build the network of the first line, and train for the epochs of each line after it."""
    import keras

    case = json.loads(next(questions))
    x, y = np.load(case["x"]), np.load(case["y"])
    model = keras_network(case["network"])
    model.compile(optimizer=keras.optimizers.Nadam(5e-4), loss="mean_absolute_error")
    backend = keras.backend.backend()
    versions = {"keras": keras.__version__, backend: sys.modules[backend].__version__}
    answer({"n_parameters": model.count_params(), "versions": versions})
    clock = epoch_clock()
    for line in questions:
        model.fit(
            x,
            y,
            batch_size=case["batch_size"],
            epochs=json.loads(line) + 1,
            shuffle=True,
            verbose=0,
            callbacks=[clock],
        )
        answer(clock.seconds[1:])


def main() -> None:
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)  # what libraries print must not stand among the answers
        serve(
            iter(sys.stdin.readline, ""),
            lambda content: print(json.dumps(content), file=answers, flush=True),
        )


if __name__ == "__main__":
    main()
