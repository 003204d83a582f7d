"""What each rank does in test_dgex_distributed.py; started by torchrun, or run by one process."""

import os
import pickle
import signal
import sys
import warnings
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
from skorch.callbacks import Callback, EarlyStopping

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.nn import TargetParts, TowerNetwork
from sklearn_dgex.training.distributed import memory
from sklearn_dgex.training.distributed.alone import ALONE

RANK, SIZE = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
N_SAMPLES, N_LANDMARKS, N_TARGETS = 101, 23, 37
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N_SAMPLES, N_LANDMARKS))
Y = np.tanh(X @ RNG.normal(size=(N_LANDMARKS, N_TARGETS))) + 0.1 * RNG.normal(
    size=(N_SAMPLES, N_TARGETS)
)
WEIGHT = RNG.integers(0, 3, N_SAMPLES).astype(float)
WEIGHT[:5] = 0

STOPS_EARLY = {"n_iter_no_change": 2, "tol": 0.02, "max_iter": 60}
STOPS_EARLY |= {"learning_rate_init": 0.02, "learning_rate": "constant"}
SHARDED = "fsdp" if SIZE > 1 else "auto"


class HearsBatches(Callback):
    """Makes the training go by autograd, and counts what it is told."""

    def on_batch_end(self, net, batch, y_pred, **kwargs):
        assert batch[0].shape[:2] == y_pred.shape[:2]
        self.n_heard = getattr(self, "n_heard", 0) + 1


class Interrupts(Callback):
    """Ctrl-C, which a terminal sends to all ranks."""

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 3:
            os.kill(os.getpid(), signal.SIGINT)


class Freezes(Callback):
    """Has some weights learn nothing for a while."""

    def on_epoch_end(self, net, **kwargs):
        net.module_.input_weight.requires_grad_(not 3 <= len(net.history) < 6)


class Stops(Callback):
    """Ends the fit, in the way of this package's own early stopping."""

    def on_epoch_end(self, net, **kwargs):
        net.stop_training_ = len(net.history) == 4


class Shrinks(Callback):
    """Changes the weights between epochs, each rank those that it holds."""

    def on_epoch_end(self, net, **kwargs):
        for weight in net.module_.parameters():
            weight.data = weight.data * 0.99


def regressor(**parameters):
    return DGEXRegressor(
        **{"width": 60, "n_members": 2, "batch_size": 18, "max_iter": 10, "random_state": 0}
        | {"device": os.environ.get("DEVICE", "cpu")}
        | parameters
    )


def fitted(**parameters):
    return regressor(**parameters).fit(X, Y)


def weighted(**parameters):
    return regressor(**parameters).fit(X, Y, WEIGHT)


def by_autograd(fit=fitted, **parameters):
    return fit(callbacks=[HearsBatches()], **parameters)


def on_hosts_of_one():
    """Ranks that share no memory, as those of different hosts."""
    key, memory.host_key = memory.host_key, lambda: None
    try:
        return fitted()
    finally:
        memory.host_key = key


def in_parts(**parameters):
    model = regressor(batch_size=30, learning_rate_init=1e-2, **parameters)
    for _ in range(5):
        model.partial_fit(X, Y).partial_fit(X[:50], Y[:50])
    return model


def twice():
    model = fitted(warm_start=True, max_iter=3)
    return model.set_params(random_state=1, max_iter=4).fit(X, Y)


EQUAL = {
    "all defaults": fitted,
    "one member, two networks": lambda: fitted(n_members=1, n_networks=2),
    "weights of samples": weighted,
    "batches of one sample": lambda: fitted(batch_size=1, max_iter=1),
    "no neurons that learn, and no mixup": lambda: fitted(taaf=False, mixup=0, dropout=0.4),
    "nothing held out": lambda: fitted(validation_fraction=0, early_stopping=False),
    "fewer held out than ranks": lambda: fitted(validation_fraction=0.01),
    "early stopping": lambda: fitted(**STOPS_EARLY),
    "a stream": lambda: fitted(shuffle_buffer=31),
    "weights changed between epochs": lambda: fitted(callbacks=[Shrinks()]),
    "weights changed, by autograd": lambda: fitted(callbacks=[Shrinks(), HearsBatches()]),
    "weights frozen for a while": lambda: fitted(callbacks=[Freezes()]),
    "skorch's early stopping": lambda: fitted(
        callbacks=[EarlyStopping("train_loss", patience=2, threshold=0.2)], max_iter=30
    ),
    "fits in parts": in_parts,
    "warm start": twice,
    "hosts of one rank": on_hosts_of_one,
    "by autograd": by_autograd,
    "by autograd, weights of samples": lambda: by_autograd(weighted, n_networks=2),
    "by autograd, another solver": lambda: fitted(solver="sgd", learning_rate_init=0.1),
    "sharded": lambda: fitted(distributed=SHARDED),
    "sharded, two networks, early stopping": lambda: weighted(
        n_networks=2, n_members=1, distributed=SHARDED, **STOPS_EARLY
    ),
    "by autograd, one sample": lambda: by_autograd(batch_size=1, max_iter=1),
}


def any_seed():
    np.random.seed(RANK)  # noqa: NPY002
    return fitted(random_state=None)


def other_data():
    return regressor().fit(X + 1e-3 * RANK, Y)


def other_parameter():
    return fitted(dropout=[0.1, 0.2, 0.1 * (RANK + 1)])


def bad_data():
    x = X.copy()
    x[3, 4] = np.nan if RANK == 1 else 0
    return regressor().fit(x, Y)


class Unreadable:
    """Data on a disk that one rank can't read."""

    def __array__(self, dtype=None, copy=None):
        if RANK == 1:
            raise OSError("no such disk")
        return X


def no_file():
    return regressor().fit(Unreadable(), Y)


def diverging():
    return fitted(learning_rate_init=1e30, solver="sgd")


def told():
    """What is printed and warned of: by rank 0 alone."""
    x = X.copy()
    x[:, 2] = 1
    with warnings.catch_warnings(record=True) as caught, redirect_stdout(StringIO()) as printed:
        warnings.simplefilter("always")
        regressor(verbose=2).fit(x, Y)
    return {"warned": [str(w.category.__name__) for w in caught], "printed": printed.getvalue()}


TOGETHER = {
    "sharded, in parts": lambda: in_parts(distributed=SHARDED),
    "sharded, with checkpoints": lambda: fitted(distributed=SHARDED, checkpoint_dir="."),
    "any seed": any_seed,
    "bfloat16": lambda: fitted(precision="bfloat16"),
    "one rank stops": lambda: fitted(callbacks=[Stops()] if RANK == 0 else None),
    "one rank hears batches": lambda: fitted(callbacks=[HearsBatches()] if RANK == 0 else None),
    "each alone": lambda: fitted(distributed=None),
    "told": told,
    "other data": other_data,
    "other parameter": other_parameter,
    "bad data on one rank": bad_data,
    "no file on one rank": no_file,
    "diverging": diverging,
    "interrupted": lambda: fitted(callbacks=[Interrupts()]),  # the last: the ranks part with it
}


def outcome(case):
    """What a fit came to, in plain values: the estimator's, or its error."""
    try:
        made = case()
    except (ValueError, OSError, RuntimeError, KeyboardInterrupt) as error:
        return {"error": type(error).__name__, "message": str(error)}
    if isinstance(made, dict):
        return made
    weights = [weight.detach().numpy().ravel() for weight in made.net_.module_.parameters()]
    opened = pickle.loads(pickle.dumps(made))
    assert type(made.net_.module_) in (TowerNetwork, TargetParts)
    assert made.net_.ranks is ALONE
    assert np.array_equal(opened.predict(X), made.predict(X))
    return {
        "weights": np.concatenate(weights),
        "loss_curve": made.loss_curve_,
        "scores": made.validation_scores_,
        "n_iter": made.n_iter_,
        "quality": made.per_gene_quality_.to_numpy()
        if hasattr(made, "per_gene_quality_")
        else None,
        "heard": [getattr(callback, "n_heard", 0) for callback in made.callbacks or []],
    }


def main(folder, *chosen):
    cases = {
        name: case for name, case in (EQUAL | TOGETHER).items() if not chosen or name in chosen
    }
    outcomes = {name: outcome(case) for name, case in cases.items()}
    with open(Path(folder) / f"{RANK}.pkl", "wb") as file:
        pickle.dump(outcomes, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
