"""From a module and scaled arrays to a trained net: the calls that an estimator makes."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from sklearn_dgex.training.cuda import capability
from sklearn_dgex.training.distributed.alone import ALONE, Alone
from sklearn_dgex.training.losses import ProfileLoss
from sklearn_dgex.training.nadam import Nadam
from sklearn_dgex.training.net import ProfileNet
from sklearn_dgex.training.profiles import Profiles, ring_splits

# Share of a device's free memory, beside the weights and what belongs to them, that profiles may
# take; the rest is for the activations and errors of batches.
SHARE = 0.5
# What a fit holds for each weight: itself, moments, best value, and its gradient, once more in the
# memory of a recorded batch shape while a second one is tried.
NUMBERS_A_WEIGHT = 6


def make_profiles(
    x: np.ndarray,
    y: np.ndarray,
    *,
    y_scale: np.ndarray,
    weight: np.ndarray | None,
    n_members: int,
    validation_fraction: float,
    rng: np.random.RandomState,
    device: torch.device,
    n_parameters: int = 0,
) -> Profiles:
    """Share scaled profiles out among the members, and put them on the device.

    Where they would leave too little memory there for a network of ``n_parameters``, they stay
    where they are, and its batches are copied one ahead of the training.

    Parameters
    ----------
    x, y : ndarray of shape (n, p) and (n, q)
        Scaled landmarks and targets; float32 arrays in one piece are not copied on the CPU.
    y_scale : ndarray of shape (q,)
        Units of the targets in one unit of ``y``.
    weight : ndarray of shape (n,) or None
        Sample weights; None weighs all alike.
    n_members : int
        Networks M that each hold out other samples.
    validation_fraction : float in [0, 1)
        Share of the samples that each member holds out.
    rng : RandomState
        Source of the split.
    device : torch.device
        Where the training runs.
    n_parameters : int, default=0
        Learned numbers of all members, for which memory is to be left.

    Returns
    -------
    Profiles
        What :meth:`ProfileNet.train` takes.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from sklearn_dgex.training import make_profiles
    >>> rng = np.random.RandomState(0)
    >>> profiles = make_profiles(
    ...     rng.normal(size=(40, 8)),
    ...     rng.normal(size=(40, 5)),
    ...     y_scale=np.ones(5),
    ...     weight=None,
    ...     n_members=2,
    ...     validation_fraction=0.1,
    ...     rng=rng,
    ...     device=torch.device("cpu"),
    ... )
    >>> tuple(profiles.train_index.shape), tuple(profiles.valid_index.shape)
    ((2, 36), (2, 4))
    """
    n_valid = int(validation_fraction * len(x))  # 0 below ten samples at the usual tenth
    train_index, valid_index = ring_splits(len(x), n_members, n_valid, rng)
    free = capability.free_memory(device) - 4 * NUMBERS_A_WEIGHT * n_parameters
    home = device if 4 * (x.size + y.size) <= SHARE * free else torch.device("cpu")
    return Profiles(
        x=torch.from_numpy(np.ascontiguousarray(x, np.float32)).to(home),
        y=torch.from_numpy(np.ascontiguousarray(y, np.float32)).to(home),
        y_scale=torch.from_numpy(y_scale.astype(np.float64)).to(device),
        weight=None if weight is None else torch.from_numpy(weight.astype(np.float32)).to(home),
        train_index=train_index.to(home),
        valid_index=valid_index.to(home),
    )


def make_net(
    module: nn.Module,
    *,
    rng: np.random.RandomState,
    device: torch.device,
    loss: str,
    solver: str,
    momentum: float,
    schedule_decay: float,
    ranks: Alone = ALONE,
    **settings,
) -> ProfileNet:
    """Build the net that trains a module; all its randomness comes from ``rng``.

    Parameters
    ----------
    module : torch.nn.Module
        Maps (M, B, p) landmarks to (M, B, q) targets; on the CPU.
    rng : RandomState
        Source of dropout, order and mixup.
    device : torch.device
        Where to train.
    loss : {"absolute_error", "squared_error", "huber", "summed_squared_error"}
        Loss on scaled targets.
    solver : {"nadam", "sgd"}
        Optimiser.
    momentum : float
        For "sgd".
    schedule_decay : float
        For "nadam": decay of its momentum schedule.
    ranks : Alone or Ranks, default=ALONE
        The processes that train the module together; one alone.
    **settings : dict
        Other parameters of :class:`ProfileNet`.

    Returns
    -------
    ProfileNet
        Not yet trained.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from sklearn_dgex.nn import TowerNetwork
    >>> from sklearn_dgex.training import make_net
    >>> net = make_net(
    ...     TowerNetwork(8, 5, 4),
    ...     rng=np.random.RandomState(0),
    ...     device=torch.device("cpu"),
    ...     loss="absolute_error",
    ...     solver="nadam",
    ...     momentum=0.9,
    ...     schedule_decay=4e-3,
    ...     lr=1e-3,
    ... )
    >>> net.optimizer.__name__, net.lr
    ('Nadam', 0.001)
    """
    optimizers = {
        "nadam": (Nadam, {"optimizer__momentum_decay": schedule_decay}),
        "sgd": (torch.optim.SGD, {"optimizer__momentum": momentum}),
    }
    optimizer, optimizer_settings = optimizers[solver]
    dropout_generator = make_generator(rng)
    for part in module.modules():
        if hasattr(part, "generator"):
            part.generator = dropout_generator
    return ProfileNet(
        ranks.prepare(module, device),
        criterion=ProfileLoss,
        criterion__loss=loss,
        optimizer=optimizer,
        generator=make_generator(rng),
        device=device,
        train_split=None,
        ranks=ranks,
        **optimizer_settings,
        **settings,
    )


def make_generator(rng: np.random.RandomState) -> torch.Generator:
    """Seed a generator from ``rng``, on the CPU: so it draws the same for every device.

    Parameters
    ----------
    rng : RandomState
        Source of the seed, of which it draws one number.

    Returns
    -------
    torch.Generator
        A generator of its own; torch's global one is untouched.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from sklearn_dgex.training import make_generator
    >>> first, second = (make_generator(np.random.RandomState(0)) for _ in range(2))
    >>> bool(torch.equal(torch.rand(3, generator=first), torch.rand(3, generator=second)))
    True
    """
    return torch.Generator().manual_seed(int(rng.randint(np.iinfo(np.int32).max)))
