import numpy as np
import pytest

from sklearn_dgex.nn import TowerNetwork
from sklearn_dgex.nn.sizing import count_neurons, count_parameters, tower_width

PAPER = {"n_features_in": 942, "n_targets": 4759}
# Kunc & Kléma (2020), Table 1: towers, neurons a tower and layer, neurons, parameters.
TABLE_1 = [
    (1, 10000, 34759, 257149036),
    (2, 7227, 48121, 257119561),
    (3, 5941, 58228, 257068283),
    (4, 5157, 66643, 256997503),
    (5, 4615, 73984, 256977621),
    (6, 4211, 80557, 256953201),
    (8, 3637, 92047, 256729407),
    (10, 3242, 102019, 256587674),
    (12, 2948, 110887, 256374168),
]


@pytest.mark.parametrize(("k", "w", "n_neurons", "n_parameters"), TABLE_1)
def test_table_1_of_the_paper(k, w, n_neurons, n_parameters):
    assert tower_width(10_000, k, **PAPER) == w
    assert count_neurons(w, k, n_targets=4759) == n_neurons
    assert count_parameters(w, k, **PAPER) == n_parameters


@pytest.mark.parametrize(("k", "w"), [(7, 3894), (9, 3423), (11, 3085)])
def test_rows_that_the_paper_skips(k, w):
    assert tower_width(10_000, k, **PAPER) == w


@pytest.mark.parametrize("n_features_in", [1, 5])
@pytest.mark.parametrize("n_targets", [1, 4])
@pytest.mark.parametrize("width", [1, 2, 7])
@pytest.mark.parametrize("n_towers", [1, 3])
@pytest.mark.parametrize("n_hidden_layers", [1, 2, 4])
@pytest.mark.parametrize("taaf", [True, False])
@pytest.mark.parametrize("n_members", [1, 2])
@pytest.mark.parametrize("n_folds", [1, 3])
def test_count_equals_what_the_module_holds(
    n_features_in, n_targets, width, n_towers, n_hidden_layers, taaf, n_members, n_folds
):
    sizes = {"n_hidden_layers": n_hidden_layers, "taaf": taaf, "n_features_in": n_features_in}
    network = TowerNetwork(
        tower_width=width,
        n_targets=n_targets,
        n_towers=n_towers,
        n_members=n_members,
        n_folds=n_folds,
        skip_connection=True,
        **sizes,
    )
    held = sum(p.numel() for p in network.parameters())
    assert held == n_members * count_parameters(width, n_towers, n_targets=n_targets, **sizes)


def brute_force_parameters(w, k, p, q, n_layers, taaf):
    weights = p * k * w + q * w
    for _ in range(n_layers - 1):
        weights += k * w * w
    return weights + (n_layers * k * w + q) * (4 if taaf else 1)


@pytest.mark.parametrize("seed", range(40))
def test_budget_rule_is_the_largest_width_strictly_below(seed):
    rng = np.random.default_rng(seed)
    p, q, n_layers = (int(rng.integers(1, high)) for high in (40, 60, 5))
    width, n_towers, taaf = int(rng.integers(60, 120)), int(rng.integers(1, 6)), seed % 2 == 0
    expected = width
    for k in range(2, n_towers + 1):
        allowed = brute_force_parameters(expected, k - 1, p, q, n_layers, taaf)
        expected = max(
            w for w in range(200) if brute_force_parameters(w, k, p, q, n_layers, taaf) < allowed
        )
    sizes = {"n_features_in": p, "n_targets": q, "n_hidden_layers": n_layers, "taaf": taaf}
    assert tower_width(width, n_towers, **sizes) == expected


def test_strictly_below_where_equal_would_fit():
    # one layer: k * w * (p + 4) + q * (w + 4); the 2 towers of width 2 count the same as 1 of 3
    sizes = {"n_features_in": 1, "n_targets": 5, "n_hidden_layers": 1}
    assert count_parameters(2, 2, **sizes) == count_parameters(3, 1, **sizes) == 50
    assert tower_width(3, 2, **sizes) == 1


def test_a_budget_that_leaves_a_tower_no_neuron_says_how_many_fit():
    sizes = {"n_features_in": 10, "n_targets": 5}
    with pytest.raises(ValueError, match=r"width=2 .*spent after (\d+) towers. Got 50") as info:
        tower_width(2, 50, **sizes)
    n_fitting = int(str(info.value).split("spent after ")[1].split()[0])
    assert tower_width(2, n_fitting, **sizes) == 1


@pytest.mark.parametrize("name", ["width", "n_towers", "n_features_in", "n_targets"])
@pytest.mark.parametrize("value", [0, -1, 2.0, True, "3", None, np.float64(2)])
def test_sizes_that_are_no_counts_are_refused_by_name(name, value):
    sizes = {"width": 10, "n_towers": 2, "n_features_in": 3, "n_targets": 4, name: value}
    with pytest.raises(ValueError, match=f"'{name}' parameter must be an integer of at least 1"):
        tower_width(**sizes)


def test_numpy_integers_count_without_overflow():
    narrow = {name: np.int32(value) for name, value in PAPER.items()}
    assert count_parameters(np.int32(10_000), np.int32(12), **narrow) == (
        count_parameters(10_000, 12, **PAPER)
    )
    assert tower_width(np.int32(10_000), np.int64(5), **narrow) == 4615
