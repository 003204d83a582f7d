"""How many neurons and parameters a network has, in plain integers, before any of it exists."""

from __future__ import annotations

from numbers import Integral


def check_positive_integers(**values) -> list[int]:
    """Raise unless every value is an integer of at least 1; return them as Python's own.

    Parameters
    ----------
    **values : int
        Values by the names of their parameters, which the error names.

    Returns
    -------
    list of int
        The values in the order given: numpy's narrow integers would overflow in products.

    Raises
    ------
    ValueError
        If one is no integer, or below 1; True and False are none.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_dgex.nn.sizing import check_positive_integers
    >>> check_positive_integers(n_towers=5, width=np.int16(300))
    [5, 300]
    """
    for name, value in values.items():
        if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
            raise ValueError(
                f"The {name!r} parameter must be an integer of at least 1. Got {value!r} instead."
            )
    return [int(value) for value in values.values()]


def count_neurons(
    tower_width: int, n_towers: int, *, n_targets: int, n_hidden_layers: int = 3
) -> int:
    """Count the neurons of a tower network: all hidden ones, and one for each target.

    Parameters
    ----------
    tower_width : int
        Neurons in each hidden layer of each tower.
    n_towers : int
        Towers side by side.
    n_targets : int
        Inferred genes, one output neuron each.
    n_hidden_layers : int, default=3
        Hidden layers in each tower; the paper has three.

    Returns
    -------
    int
        ``n_hidden_layers * n_towers * tower_width + n_targets``.

    Raises
    ------
    ValueError
        If a number is no integer of at least 1.

    References
    ----------
    Kunc & Kléma (2020), Table 1, column "Neurons".

    Examples
    --------
    >>> from sklearn_dgex.nn.sizing import count_neurons
    >>> count_neurons(4615, 5, n_targets=4759)
    73984
    """
    w, k, n_targets, n_layers = check_positive_integers(
        tower_width=tower_width,
        n_towers=n_towers,
        n_targets=n_targets,
        n_hidden_layers=n_hidden_layers,
    )
    return n_layers * k * w + n_targets


def count_parameters(
    tower_width: int,
    n_towers: int,
    *,
    n_features_in: int,
    n_targets: int,
    n_hidden_layers: int = 3,
    taaf: bool = True,
    linear_path: bool = False,
) -> int:
    """Count the learned numbers of one tower network, exactly.

    Towers and checkerboards, with or without a skip connection and for any number of folds, have
    the same count: reconnecting folds moves weights, it adds none.

    Parameters
    ----------
    tower_width : int
        Neurons in each hidden layer of each tower.
    n_towers : int
        Towers side by side.
    n_features_in : int
        Landmark genes.
    n_targets : int
        Inferred genes.
    n_hidden_layers : int, default=3
        Hidden layers in each tower.
    taaf : bool, default=True
        Whether a neuron has the four parameters of a TAAF, or else one bias.
    linear_path : bool, default=False
        Whether landmarks also feed the output neurons directly.

    Returns
    -------
    int
        For ``k`` towers of width ``w`` and ``l`` layers,
        ``k * (n_features_in * w + (l - 1) * w**2) + w * n_targets`` weights and 4 parameters (or 1)
        for each neuron; a linear path has ``n_features_in * n_targets`` more.

    Raises
    ------
    ValueError
        If a number is no integer of at least 1.

    References
    ----------
    Kunc & Kléma (2020), Table 1, column "Parameters".

    Examples
    --------
    >>> from sklearn_dgex.nn.sizing import count_parameters
    >>> count_parameters(4615, 5, n_features_in=942, n_targets=4759)
    256977621
    """
    w, k, n_features_in, n_targets, n_layers = check_positive_integers(
        tower_width=tower_width,
        n_towers=n_towers,
        n_features_in=n_features_in,
        n_targets=n_targets,
        n_hidden_layers=n_hidden_layers,
    )
    n_weights = k * (n_features_in * w + (n_layers - 1) * w**2) + w * n_targets
    if linear_path:
        n_weights += n_features_in * n_targets
    n_neurons = count_neurons(w, k, n_targets=n_targets, n_hidden_layers=n_layers)
    return n_weights + (4 if taaf else 1) * n_neurons


def tower_width(
    width: int,
    n_towers: int,
    *,
    n_features_in: int,
    n_targets: int,
    n_hidden_layers: int = 3,
    taaf: bool = True,
) -> int:
    """Width of a tower when ``n_towers`` of them share the budget of one of ``width`` neurons.

    The rule behind the paper's Table 1: walking up from one tower, the width for ``k`` towers is
    the largest whose parameter count stays strictly below that for ``k - 1`` towers.

    Parameters
    ----------
    width : int
        Neurons in each hidden layer of the network with a single tower.
    n_towers : int
        Towers that share its budget.
    n_features_in : int
        Landmark genes.
    n_targets : int
        Inferred genes.
    n_hidden_layers : int, default=3
        Hidden layers in each tower.
    taaf : bool, default=True
        Whether neurons carry a TAAF.

    Returns
    -------
    int
        Neurons in each hidden layer of each tower.

    Raises
    ------
    ValueError
        If a number is no integer of at least 1, or the budget leaves a tower no neuron; the message
        then says how many towers fit.

    References
    ----------
    Kunc & Kléma (2020), Table 1, column "Neurons/tower".

    Examples
    --------
    >>> from sklearn_dgex.nn.sizing import tower_width
    >>> tower_width(10_000, 5, n_features_in=942, n_targets=4759)
    4615
    """
    w, n_towers = check_positive_integers(width=width, n_towers=n_towers)
    sizes = {
        "n_features_in": n_features_in,
        "n_targets": n_targets,
        "n_hidden_layers": n_hidden_layers,
        "taaf": taaf,
    }
    allowed = count_parameters(w, 1, **sizes)
    for k in range(2, n_towers + 1):
        widest = _widest_below(allowed, k, at_most=w, **sizes)
        if widest == 0:
            raise ValueError(
                f"The 'n_towers' parameter must leave every tower a neuron: with width={width} "
                f"the parameter budget is spent after {k - 1} towers. Got {n_towers} instead; "
                "lower 'n_towers', raise 'width' or set 'tower_width' outright."
            )
        w, allowed = widest, count_parameters(widest, k, **sizes)
    return w


def _widest_below(n_parameters: int, n_towers: int, *, at_most: int, **sizes) -> int:
    """Largest width up to ``at_most`` that counts fewer than ``n_parameters``; 0 if none does."""
    low, high = 0, at_most
    while low < high:
        middle = (low + high + 1) // 2
        if count_parameters(middle, n_towers, **sizes) < n_parameters:
            low = middle
        else:
            high = middle - 1
    return low
