"""The checkpoints of a fit, and the fingerprint of what its result depends on."""

from __future__ import annotations

import json
import re
from numbers import Integral, Real

import numpy as np

from sklearn_dgex import training
from sklearn_dgex._dgex.data import TrainingData
from sklearn_dgex.utils.digests import digest_rows, row_blocks
from sklearn_dgex.utils.genes import listed

# Parameters without a say in the result, or with one that the fingerprint has in other words:
# the starting weights, the kind of random state, the precision that "auto" came to.
NO_MATTER = {"callbacks", "checkpoint_dir", "checkpoint_every", "checkpoint_keep", "device"}
NO_MATTER |= {"distributed", "precision", "random_state", "verbose", "warm_start"}


def open_checkpoints(
    estimator,
    data: TrainingData,
    rng: np.random.RandomState,
    module=None,
    ranks: training.Alone | None = None,
) -> tuple[training.Checkpoints | None, np.random.RandomState]:
    """Find what a fit is to go on from, if anything, and the generator that it is to draw from.

    ``module`` is the network whose weights the fit starts from; None is a new one. Of the
    processes that train one network together, one writes.
    """
    if estimator.checkpoint_dir is None:
        return None, rng
    if ranks is not None and ranks.shards:
        raise ValueError(
            "The 'checkpoint_dir' parameter must be None with distributed='fsdp', where no process "
            f"holds all weights. Got {str(estimator.checkpoint_dir)!r} instead; use 'ddp'."
        )
    _check_states(estimator)
    checkpoints = training.Checkpoints(
        estimator.checkpoint_dir,
        every=estimator.checkpoint_every,
        keep=estimator.checkpoint_keep,
        writes=ranks is None or ranks.leads,
    )
    rng = checkpoints.begin(fingerprint(estimator, data, module), rng)
    return checkpoints, rng


def _check_states(estimator) -> None:
    """Raise ValueError if a module among the parameters has a state that is not of tensors."""
    for name, value in estimator.get_params(deep=False).items():
        if name in NO_MATTER:
            continue
        others = [key for key, part in _state(value).items() if not hasattr(part, "detach")]
        if others:
            raise ValueError(
                f"With 'checkpoint_dir', the {name!r} parameter must be a function, or a module "
                f"whose state is all tensors. Got a {type(value).__name__} with others in "
                f"{listed(others)}; let get_extra_state return a tensor, or set "
                "checkpoint_dir=None."
            )


def _state(value) -> dict:
    """Return the state of a module, or of a function none."""
    has_one = hasattr(value, "state_dict") and not isinstance(value, type)
    return value.state_dict() if has_one else {}


def fingerprint(estimator, data: TrainingData, module=None) -> dict:
    """Return all that the result of a fit depends on, as JSON."""
    parameters = {
        name: described(value)
        for name, value in estimator.get_params(deep=False).items()
        if name not in NO_MATTER
    }
    about = {
        "random_state": _described_source(estimator.random_state),
        "samples": len(data.X),
        "landmarks": data.X.shape[1],
        "targets": data.y.shape[1],
        "landmark genes": _names(estimator, "feature_names_in_"),
        "target genes": _names(estimator, "target_names_in_"),
        # Streamed samples are shuffled by blocks of what their files store together.
        "rows read together": _n_together(data) if data.streamed else None,
        "values of X": digest_rows(row_blocks(data.X)),
        "values of y": digest_rows(row_blocks(data.y)),
        "sample weights": None if data.weight is None else digest_rows([data.weight]),
        "starting weights": None if module is None else _weights_digest(module),
    }
    return json.loads(json.dumps(parameters | about))


def described(value):
    """Return a parameter as JSON: functions by name, objects by what they print and hold."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if callable(value):
        module, name = (getattr(value, part, "") for part in ("__module__", "__qualname__"))
        printed = " ".join(re.sub(r" at 0x[0-9a-f]+", "", repr(value)).split())
        text = f"{module}.{name}" if name else printed
        state = _state(value)
        return f"{text} of {training.digest_of(state.values())}" if state else text
    return np.asarray(value).tolist()


def _described_source(random_state) -> int | str | None:
    kind = type(random_state).__name__  # its state is the checkpoint's, not the fingerprint's
    return kind if isinstance(random_state, np.random.RandomState) else described(random_state)


def _n_together(data: TrainingData) -> int:
    return max(data.X.n_together, data.y.n_together)


def _names(estimator, attribute: str) -> list[str] | None:
    names = getattr(estimator, attribute, None)
    return None if names is None else [str(name) for name in names]


def _weights_digest(module) -> str:
    weights = (weight.detach().cpu().numpy().reshape(-1) for weight in module.parameters())
    return digest_rows(weights)
