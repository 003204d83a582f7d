"""When a rank is gone: what torch raises on the others, in one sentence."""

from __future__ import annotations

from contextlib import contextmanager

import torch

from sklearn_dgex.exceptions import RankLostError

# Words of the errors that backends raise, as plain RuntimeErrors, when a peer does not answer.
SIGNS = ("connection", "peer", "gloo", "nccl", "timed out", "timeout", "socket", "store")


@contextmanager
def peers_heard():
    """Turn the error of a collective that another rank does not take part in into RankLostError."""
    try:
        yield
    except TimeoutError as error:
        raise rank_lost() from error
    except RuntimeError as error:
        ours = isinstance(error, RankLostError | torch.OutOfMemoryError)
        if ours or not any(sign in str(error).lower() for sign in SIGNS):
            raise
        raise rank_lost() from error


def rank_lost() -> RankLostError:
    """Return the error that says what happened, and what to do."""
    return RankLostError(
        "Another rank of this fit ended or can't be heard any more, so no rank can go on; start "
        "all of them again, and see docs/several_processes.md for how 'torchrun --max-restarts' "
        "does so by itself, with 'checkpoint_dir' from the last checkpoint on."
    )
