import copy

import numpy as np
import pytest
import torch

from sklearn_dgex.nn import TowerNetwork
from sklearn_dgex.training import evaluation, held_out_quality, predict_profiles
from sklearn_dgex.training.profiles import Profiles, ring_splits

CPU = torch.device("cpu")


@pytest.fixture(params=[True, False], ids=["pieces", "one piece"])
def _pieces(request, monkeypatch):
    if request.param:
        monkeypatch.setattr(evaluation, "PIECE_NUMBERS", 1)  # 16 rows, the least


def held_out(n, n_members, n_targets, fraction, seed):
    rng = np.random.RandomState(seed)
    x, y = (torch.from_numpy(rng.normal(size=(n, size))) for size in (4, n_targets))
    train, valid = ring_splits(n, n_members, int(fraction * n), rng)
    y_scale = torch.from_numpy(rng.uniform(0.5, 3, n_targets))
    return Profiles(x=x, y=y, y_scale=y_scale, weight=None, train_index=train, valid_index=valid)


@pytest.mark.usefixtures("_pieces")
@pytest.mark.parametrize(("n_members", "fraction"), [(1, 0.3), (4, 0.25), (3, 0.6), (5, 0.1)])
def test_quality_equals_numpys_over_the_answers_of_members_that_did_not_learn(n_members, fraction):
    profiles = held_out(90, n_members, 6, fraction, seed=n_members)
    network = TowerNetwork(4, 6, 5, n_towers=2, n_members=n_members).double()
    with torch.no_grad():
        each = network(profiles.x.expand(n_members, -1, -1)).numpy()
    truth, inferred = [], []
    for sample in range(90):
        members = [m for m in range(n_members) if sample in profiles.valid_index[m].tolist()]
        if members:
            truth.append(profiles.y[sample].numpy())
            inferred.append(np.mean([each[m, sample] for m in members], axis=0))
    truth, inferred = np.array(truth), np.array(inferred)
    quality = held_out_quality(network, profiles)
    r = [np.corrcoef(truth[:, gene], inferred[:, gene])[0, 1] for gene in range(6)]
    np.testing.assert_allclose(quality["correlation"], r, atol=1e-10)
    mae = np.abs(truth - inferred).mean(0) * profiles.y_scale.numpy()
    np.testing.assert_allclose(quality["mae"], mae, rtol=1e-12)


def test_a_gene_without_variance_has_correlation_zero():
    profiles = held_out(40, 2, 3, 0.5, seed=0)
    profiles.y[:, 1] = 0.7
    network = TowerNetwork(4, 3, 5, n_members=2).double()
    correlation = held_out_quality(network, profiles)["correlation"]
    assert correlation[1] == 0
    assert (correlation[[0, 2]] != 0).all()


@pytest.mark.parametrize("value", [0.1, -0.3, 1.7, 1e4])
def test_rounding_errors_are_no_variance(value):
    profiles = held_out(600, 2, 3, 0.5, seed=1)
    profiles.y[:, 1] = value
    network = TowerNetwork(4, 3, 5, n_members=2).double()
    assert held_out_quality(network, profiles)["correlation"][1] == 0


def test_small_values_have_a_correlation_too():
    profiles = held_out(60, 2, 3, 0.5, seed=1)
    network = TowerNetwork(4, 3, 5, n_members=2).double()
    expected = held_out_quality(network, profiles)["correlation"]
    profiles.y *= 1e-13
    quality = held_out_quality(network, profiles)
    np.testing.assert_allclose(quality["correlation"], expected, atol=1e-8)


def test_quality_weighs_samples():
    profiles = held_out(60, 2, 3, 0.5, seed=1)
    network = TowerNetwork(4, 3, 5, n_members=2).double()
    profiles.weight = torch.ones(60, dtype=torch.float64)
    profiles.weight[10:] = 0.0
    weighted = held_out_quality(network, profiles)
    with torch.no_grad():
        each = network(profiles.x.expand(2, -1, -1)).numpy()
    out = [(m, s) for m in range(2) for s in profiles.valid_index[m].tolist() if s < 10]
    truth = np.array([profiles.y[s].numpy() for _, s in out])
    inferred = np.array([each[m, s] for m, s in out])
    mae = np.abs(truth - inferred).mean(0) * profiles.y_scale.numpy()
    np.testing.assert_allclose(weighted["mae"], mae)


@pytest.mark.usefixtures("_pieces")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_inference_is_in_the_dtype_of_the_profiles(dtype):
    network = TowerNetwork(4, 3, 5, n_towers=2, n_folds=2, n_members=3, dropout=0.5)
    x = np.random.default_rng(0).normal(size=(50, 4)).astype(dtype)
    inferred = predict_profiles(network, x, device=CPU)
    assert inferred.dtype == dtype
    double = copy.deepcopy(network).double().eval()
    expected = double(torch.from_numpy(x).double()).detach().numpy()
    tolerance = 1e-6 if dtype == np.float32 else 1e-14
    np.testing.assert_allclose(inferred, expected, rtol=tolerance, atol=tolerance)
    assert {p.dtype for p in network.parameters()} == {torch.float32}


def test_no_batch_changes_a_samples_float64_answer():
    network = TowerNetwork(4, 3, 5, n_towers=2, n_members=2)
    x = np.random.default_rng(0).normal(size=(30, 4))
    one_by_one = np.vstack([predict_profiles(network, row[None], device=CPU) for row in x])
    np.testing.assert_allclose(
        predict_profiles(network, x, device=CPU), one_by_one, rtol=1e-13, atol=1e-14
    )


@pytest.mark.parametrize("module", [torch.nn.Linear(4, 3), torch.nn.Linear(4, 3, bias=False)])
def test_any_module_infers_and_can_learn_afterwards(module):
    x = np.ones((5, 4), np.float32)
    expected = module(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(predict_profiles(module, x, device=CPU), expected, rtol=1e-6)
    module.train()(torch.from_numpy(x)).sum().backward()
    assert not any(p.is_inference() for p in module.parameters())
    assert all(p.grad.abs().sum() > 0 for p in module.parameters())


def test_weights_move_to_a_device_out_of_inference_mode():
    class Moved(torch.nn.Linear):  # a tensor made in inference mode can never learn again
        in_inference_mode = None

        def to(self, device):
            self.in_inference_mode = torch.is_inference_mode_enabled()
            return super().to(device)

    module = Moved(4, 3)
    predict_profiles(module, np.ones((2, 4), np.float32), device=CPU)
    assert module.in_inference_mode is False
