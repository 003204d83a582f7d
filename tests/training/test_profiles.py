import numpy as np
import pytest
import torch

from sklearn_dgex.training.profiles import (
    EvaluationBatches,
    Profiles,
    TrainingBatches,
    ring_splits,
)


def numbered(n, n_members, *, fraction=0.0, weight=False, seed=0):
    """Profiles whose one landmark is the sample's number, and whose targets follow from it."""
    x = torch.arange(n, dtype=torch.float64)[:, None]
    train, valid = ring_splits(n, n_members, int(fraction * n), np.random.RandomState(seed))
    return Profiles(
        x=x,
        y=torch.cat([2 * x + 1, -3 * x], 1),
        y_scale=torch.ones(2),
        weight=1000 + x[:, 0] if weight else None,
        train_index=train,
        valid_index=valid,
    )


def batches(profiles, batch_size=8, mixup=0.0, seed=0):
    return TrainingBatches(profiles, batch_size, mixup, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("seed", range(40))
def test_members_hold_out_every_sample_equally(seed):
    rng = np.random.default_rng(seed)
    n, n_members = int(rng.integers(1, 80)), int(rng.integers(1, 9))
    fraction = rng.uniform(0, 0.99)
    train, valid = ring_splits(n, n_members, int(fraction * n), np.random.RandomState(seed))
    assert valid.shape == (n_members, min(int(fraction * n), n - 1))
    for member in range(n_members):
        assert sorted([*train[member].tolist(), *valid[member].tolist()]) == list(range(n))
    times_out = np.bincount(valid.flatten(), minlength=n)
    assert np.ptp(times_out) <= 1


def test_members_that_hold_out_their_share_leave_no_sample_unjudged():
    _, valid = ring_splits(100, 10, 10, np.random.RandomState(0))
    assert sorted(valid.flatten().tolist()) == list(range(100))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("weight", [False, True])
def test_an_epoch_visits_each_training_sample_once_a_member(seed, weight):
    rng = np.random.default_rng(seed)
    n, n_members = int(rng.integers(2, 60)), int(rng.integers(1, 4))
    data = numbered(n, n_members, fraction=0.2, weight=weight, seed=seed)
    epoch = batches(data, batch_size=int(rng.integers(1, 40)), seed=seed)
    drawn = list(epoch)
    assert len(drawn) == len(epoch)
    sizes = [x.shape[1] for x, _, _ in drawn]
    assert max(sizes) - min(sizes) <= 1
    seen = torch.cat([x[..., 0] for x, _, _ in drawn], 1).long()
    assert torch.equal(seen.sort(1).values, data.train_index.sort(1).values)
    for x, y, w in drawn:
        assert torch.equal(y, torch.cat([2 * x + 1, -3 * x], -1))
        assert w is None if not weight else torch.equal(w, 1000 + x[..., 0])


@pytest.mark.parametrize("mixup", [0.0, 0.4])
def test_same_seed_same_batches_whatever_the_global_generator(mixup):
    data = numbered(50, 3)
    first = [x for x, _, _ in batches(data, mixup=mixup)]
    before = torch.random.get_rng_state()
    same = [x for x, _, _ in batches(data, mixup=mixup)]
    assert torch.equal(torch.random.get_rng_state(), before)
    other = [x for x, _, _ in batches(data, mixup=mixup, seed=1)]
    assert all(torch.equal(a, b) for a, b in zip(first, same, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_epochs_and_members_have_orders_of_their_own():
    epochs = batches(numbered(50, 2), batch_size=50)
    ((first, _, _),), ((second, _, _),) = epochs, epochs
    assert not torch.equal(first, second)
    assert not torch.equal(first[0], first[1])


@pytest.mark.parametrize("mixup", [0.05, 0.4, 3.0])
@pytest.mark.parametrize("weight", [False, True])
def test_mixup_blends_landmarks_with_their_own_targets(mixup, weight):
    data = numbered(60, 3, weight=weight)
    data.x = torch.cat([data.x, data.x**2], 1)  # a blend of two parabola points lies off it
    n_blended = 0
    for x, y, w in batches(data, mixup=mixup):
        number, square = x[..., 0], x[..., 1]
        expected = torch.stack([2 * number + 1, -3 * number], -1)
        torch.testing.assert_close(y, expected)  # targets are linear in the landmark: they stay so
        assert ((number >= 0) & (number <= 59)).all()
        assert (square >= number**2 - 1e-9).all()  # convex: above the parabola, below its chord
        assert (square <= 59 * number + 1e-9).all()
        n_blended += int((square > number**2 + 1e-6).sum())
        assert (w is not None) == weight
    assert n_blended > 40


def test_mixup_adds_nothing_of_a_sample_without_weight():
    data = numbered(60, 3, weight=True)
    data.weight[30:] = 0.0
    for x, _, w in batches(data, mixup=0.4):
        assert (x[w > 0] < 30).all()  # their numbers are 30 and more, and so would be blends' parts
        assert (x[w > 0] == x[w > 0].round()).any()


def test_equal_weights_blend_as_none_do():
    plain, weighted = numbered(60, 3), numbered(60, 3, weight=True)
    weighted.weight[:] = 7.0
    pairs = zip(batches(plain, mixup=0.4), batches(weighted, mixup=0.4), strict=True)
    for (x, y, _), (weighted_x, weighted_y, w) in pairs:
        torch.testing.assert_close(weighted_x, x)
        torch.testing.assert_close(weighted_y, y)
        torch.testing.assert_close(w, torch.full_like(w, 7.0))


@pytest.mark.parametrize("mixup", [0.2, 0.4, 1.0, 5.0])
def test_shares_follow_the_beta_distribution(mixup):
    share = batches(numbered(2, 1), mixup=mixup)._beta(4, 20_000)
    assert ((share >= 0) & (share <= 1)).all()
    assert share.mean().item() == pytest.approx(0.5, abs=0.01)
    assert share.var().item() == pytest.approx(1 / (4 * (2 * mixup + 1)), rel=0.03)


@pytest.mark.parametrize("batch_size", [1, 7, 100])
def test_evaluation_keeps_order_and_each_members_own_samples(batch_size):
    data = numbered(40, 3, fraction=0.3, weight=True)
    pieces = list(evaluation := EvaluationBatches(data, batch_size))
    assert len(pieces) == len(evaluation)
    x, y, weight = (torch.cat(part, 1) for part in zip(*pieces, strict=True))
    assert torch.equal(x[..., 0].long(), data.valid_index)
    assert torch.equal(y[..., 1], -3 * x[..., 0])
    assert torch.equal(weight, 1000 + x[..., 0])
