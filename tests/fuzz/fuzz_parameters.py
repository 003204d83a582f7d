"""Parameters of an estimator, drawn from what its ``_parameter_constraints`` say they may be.

A parameter that joins an estimator is drawn from then on: only what would take too long, or leave
the process, is narrowed down by name.
"""

from __future__ import annotations

import functools
import math
import tempfile
from dataclasses import dataclass, field
from numbers import Integral

import numpy as np
import torch
from hypothesis import strategies as st
from sklearn.utils._param_validation import Interval, StrOptions, make_constraint

LARGEST = {"width": 16, "tower_width": 16, "n_networks": 4, "shuffle_buffer": 64}
LARGEST_COUNT = 9  # of any other number without an upper end


def doubled(z):
    """An activation of the user's own, which pickles."""
    return 2 * torch.tanh(z)


def raising(z):
    raise ArithmeticError("an activation of the user's own that fails")


def not_a_number(z):
    return z * math.nan


FUNCTIONS = (torch.tanh, torch.sin, doubled, functools.partial(torch.clamp, max=3.0), torch.relu)
NEW_GENERATOR = "a RandomState of its own for each estimator"
NEW_FOLDER = "a new folder for each estimator"
VALID = {  # instead of what the constraints allow
    "device": ["cpu", "auto"],
    "compile": [False],  # True waits a minute for a compiler
    "max_iter": [1, 2, 3],  # "auto" trains too long for one example of a thousand
    "finetune_max_iter": ["auto", 0, 1],
    "verbose": [0, False],
    "callbacks": [None, []],
    "random_state": [0, 7, 2**32 - 1, None, np.int64(3), NEW_GENERATOR],
    "checkpoint_dir": [None, NEW_FOLDER],
    "checkpoint_every": [1, 2, "1 min", "30 s"],
    "distributed": ["auto", None],
    "dropout": [0.0, 0.5, 0.99, (0.1, 0.2), [0.0, 0.0, 0.0], np.array([0.5])],
    "reconnection": ["neighbour", "spread", (1, 2), [1]],
    "hidden_layer_sizes": [3, 1, (4,), [3, 2], (12, 1), np.array([2, 2])],
    "corruption_level": [0.0, 0.3, (0.2,), [0.1, 0.9], np.array([0.1])],
    "landmarks": [None, 1, 2, 0.5, 0.01, [0], (1, 0), np.array([0, 2]), ["g1", "g0"]],
}
NEAR = {  # what the constraints let pass, though it is wrong
    "device": ["gpu", "cuda:99", "", "cpu:x", "meta", "mps"],
    "checkpoint_dir": [__file__, f"{__file__}/folder", "\0"],
    "checkpoint_every": ["", "soon", "-1 s", "nan s", "0 h", "1", "inf min"],
    "callbacks": [["nonsense"], [object()], [int]],
    "activation": [raising, not_a_number],
    "output_activation": [raising, not_a_number],
    "dropout": [[1.0], [None], [[0.1]], [0.1] * 50, []],
    "reconnection": [[0, -1], [1.5], ["x"], [], [10**9], [[1]], [None]],
    "hidden_layer_sizes": [(0,), (), [2.5], [[3]], ("3",), [True]],
    "corruption_level": [[1.0], [-0.1], [None], [[0.1]], [], [math.nan]],
    "landmarks": [[], [0, 0], [-1], [99], ["nobody"], [0.5], [[0]], 13, [True], [None], ["g0", 1]],
}
ODD = (
    None, True, -1, 0, 1, 2.5, -0.0, 1e-300, 1e300, math.nan, math.inf, -math.inf, 2**70, "",
    "none", "sigmoid", b"bytes", (), [], [1, 2], {}, object, np.float32(0.5), np.int8(2),
    np.bool_(1), np.array(1), np.zeros(2), 1j, "x" * 50, np.random.default_rng(0), [[1], [2, 3]],
)  # fmt: skip
KEPT_SMALL = {"max_iter", "finetune_max_iter", "compile", "n_hidden_layers"}
FOLDERS = tempfile.TemporaryDirectory()  # for as long as the process lives
MADE_ANEW = {
    NEW_GENERATOR: lambda: np.random.RandomState(5),
    NEW_FOLDER: lambda: tempfile.mkdtemp(dir=FOLDERS.name),
}
TOO_LARGE = 1000  # for a number that may be any: the example would be of memory, and not of checks


@dataclass
class Parameters:
    """Values that differ from the defaults, and which of them no constraint allows."""

    values: dict = field(default_factory=dict)
    refused: set = field(default_factory=set)

    def fresh(self) -> dict:
        """Values for another estimator: generators, which a fit moves, begin anew."""
        return {
            name: MADE_ANEW[value]() if isinstance(value, str) and value in MADE_ANEW else value
            for name, value in self.values.items()
        }


@st.composite
def parameters(draw, constraints: dict, *, always: dict, never: tuple = ()) -> Parameters:
    """Draw some parameters, most of them valid; ``always`` has strategies of those always drawn."""
    names = sorted(set(constraints) - set(always) - set(never))
    drawn = Parameters({name: draw(strategy) for name, strategy in always.items()})
    chosen = draw(st.lists(st.sampled_from(names), max_size=7, unique=True))
    # Errors mask each other: more than one wrong value would leave much unseen.
    spoilt = chosen[0] if chosen and draw(st.integers(0, 3)) == 3 else None
    for name in chosen:
        value = draw(
            odd_values(name, constraints[name])
            if name == spoilt
            else valid_values(name, constraints[name])
        )
        drawn.values[name] = value
        if value is not NEW_GENERATOR and not satisfies(value, constraints[name]):
            drawn.refused.add(name)
    return drawn


def satisfies(value, constraint) -> bool:
    """Whether scikit-learn would let a value pass."""
    if isinstance(constraint, str):  # "no_validation"
        return True
    return any(make_constraint(one).is_satisfied_by(value) for one in constraint)


def valid_values(name: str, constraint):
    """Values that a parameter may have."""
    if name in VALID:
        return st.sampled_from(VALID[name])
    return st.one_of([_of_constraint(name, one) for one in constraint])


def odd_values(name: str, constraint):
    """Values of another type, out of bounds, or just a little wrong."""
    odd = [
        value
        for value in ODD
        if not satisfies(value, constraint)
        or not (name in KEPT_SMALL or name.endswith("_dir") or _is_large(value))
    ]
    near = NEAR.get(name, [])
    return st.sampled_from(odd) | st.sampled_from(near) if near else st.sampled_from(odd)


def _is_large(value) -> bool:
    return isinstance(value, int) and value > TOO_LARGE


def _of_constraint(name: str, constraint):
    if isinstance(constraint, Interval):
        return _of_interval(name, constraint)
    if isinstance(constraint, StrOptions):
        return st.sampled_from(sorted(constraint.options))
    if constraint is callable:
        return st.sampled_from(FUNCTIONS)
    known = {None: [None], "boolean": [True, False, np.True_], dict: [{}]}
    if constraint not in known:
        raise ValueError(f"Add values of {name!r}, whose constraint is {constraint!r}, to VALID.")
    return st.sampled_from(known[constraint])


def _of_interval(name: str, interval: Interval):
    low = -1000 if interval.left is None else interval.left
    if interval.type is Integral:
        low += interval.closed not in ("left", "both")
        high = LARGEST.get(name, LARGEST_COUNT) if interval.right is None else interval.right
        whole = st.integers(int(low), max(int(low), int(high)))
        return whole | whole.map(np.int64)
    high = 10 * max(1, low) if interval.right is None else interval.right
    between = st.floats(
        low,
        high,
        exclude_min=interval.closed not in ("left", "both"),
        exclude_max=interval.right is not None and interval.closed not in ("right", "both"),
        allow_subnormal=False,
    )
    return between | st.sampled_from([low + (high - low) / 2, np.float32(low + (high - low) / 4)])
