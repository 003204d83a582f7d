"""A rank that is killed: what test_lost_rank.py starts, and what the others then print."""

import json
import os
import signal
import sys
import time

import numpy as np
from skorch.callbacks import Callback

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.datasets import make_expression
from sklearn_dgex.exceptions import RankLostError

RANK, ATTEMPT = int(os.environ["RANK"]), int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"))
N_EPOCHS, LAST = 8, 5


class KilledBetweenEpochs(Callback):
    """Ends the last rank as the system would that has no memory left."""

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == LAST and RANK == 1 and ATTEMPT == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class KilledInBatch(Callback):
    """The same within an epoch, which it makes one of torch's autograd."""

    def on_grad_computed(self, net, **kwargs):
        if len(net.history) == LAST and RANK == 1 and ATTEMPT == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def fitted(**parameters):
    X, y = make_expression(60, n_landmarks=8, n_targets=5, n_modules=3, random_state=0)
    small = {"width": 20, "n_members": 2, "random_state": 0, "device": "cpu", "max_iter": N_EPOCHS}
    return DGEXRegressor(**small, **parameters).fit(X, y)


def weights(model):
    return np.concatenate([p.detach().numpy().ravel() for p in model.net_.module_.parameters()])


def lose(callback):
    """Be told of the loss, in a fit and in the next one."""
    told = []
    for _ in range(2):
        began = time.monotonic()
        try:
            fitted(callbacks=[callback])
        except RankLostError as error:
            told.append([str(error), time.monotonic() - began])
    return told


def resume(folder):
    """Start anew with all ranks, and end as if nothing had been."""
    model = fitted(
        checkpoint_dir=folder, checkpoint_every=1, callbacks=[KilledBetweenEpochs()], verbose=2
    )
    undisturbed = fitted()
    return {
        "attempt": ATTEMPT,
        "n_iter": model.n_iter_,
        "difference": float(np.abs(weights(model) - weights(undisturbed)).max()),
    }


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    if what == "resume":
        answer = resume(*arguments)
    else:
        answer = lose({"epoch": KilledBetweenEpochs, "batch": KilledInBatch}[what]())
    if RANK == 0:
        print(json.dumps(answer))
