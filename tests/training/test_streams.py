"""Streams hand out every sample, once, to every member that does not hold it out."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from sklearn_dgex.training import streams
from sklearn_dgex.training.profiles import EvaluationBatches, TrainingBatches
from sklearn_dgex.training.streams import Blocks, ProfileStream

P, Q = 3, 5


def make_stream(rng, *, n=None, n_members=1, fraction=0.1, n_together=1, buffer=None, weight=None):
    """A stream of samples whose values say which they are."""
    n = n or int(rng.integers(2, 400))
    numbers = np.arange(n, dtype=np.float32)[:, None]
    read_rows = []

    def read(rows, x, y):
        read_rows.append(rows)
        x[:], y[:] = numbers[rows] + np.zeros(P), -numbers[rows] + np.zeros(Q)

    buffer = buffer or int(rng.integers(1, 2 * n))
    stream = ProfileStream(
        read,
        Blocks(n, 4 * (P + Q), n_together, buffer),
        n_features=P,
        y_scale=np.ones(Q),
        weight=weight,
        n_members=n_members,
        validation_fraction=fraction,
        rng=np.random.RandomState(int(rng.integers(1000))),
        device=torch.device("cpu"),
    )
    return SimpleNamespace(n=n, stream=stream, read_rows=read_rows)


def cases(n_cases=60):
    return [np.random.default_rng(seed) for seed in range(n_cases)]


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch):
    monkeypatch.setattr(streams, "BLOCK_BYTES", 7 * 4 * (P + Q))  # seven samples


@pytest.mark.parametrize("rng", cases())
def test_blocks_and_windows_cover_all_samples_once(rng):
    n, n_together = int(rng.integers(1, 500)), int(rng.integers(1, 30))
    blocks = Blocks(n, 4 * (P + Q), n_together, int(rng.integers(1, 600)))
    covered = np.concatenate([np.arange(n)[part] for part in blocks.slices])
    np.testing.assert_array_equal(covered, np.arange(n))
    assert all(part.start < part.stop for part in blocks.slices)
    if n_together <= blocks.window:
        assert all(part.start % n_together == 0 for part in blocks.slices)
    windows = blocks.windows(torch.Generator().manual_seed(0))
    assert len(windows) == blocks.n_windows
    assert sorted(i for window in windows for i in window) == list(range(len(blocks.slices)))
    for window in windows:
        assert window == sorted(window)
        n_rows = sum(streams.len_of(blocks.slices[i]) for i in window)
        assert 0 < n_rows <= blocks.most_rows


def test_windows_have_the_size_asked_for_or_nearly():
    blocks = Blocks(10_000, 4 * (P + Q), 1, 1000)
    windows = blocks.windows(torch.Generator().manual_seed(0))
    sizes = [sum(streams.len_of(blocks.slices[i]) for i in window) for window in windows]
    assert len(sizes) == 10
    assert all(abs(size - 1000) <= 10 for size in sizes)


@pytest.mark.parametrize("rng", cases())
def test_an_epoch_hands_out_what_is_not_held_out_once(rng):
    n_members, fraction = int(rng.integers(1, 5)), float(rng.choice([0, 0.1, 0.5]))
    case = make_stream(rng, n_members=n_members, fraction=fraction)
    stream = case.stream
    held_out = stream.held_out
    assert len(held_out.x) <= max(stream.blocks.window, 1)
    out = [set(held_out.x[index, 0].int().tolist()) for index in held_out.valid_index]
    assert all(len(members) == held_out.valid_index.shape[1] for members in out)
    assert (held_out.y == -held_out.x[:, :1]).all()
    batches = TrainingBatches(stream, int(rng.integers(1, 60)), 0.0, torch.Generator())
    for _ in range(2):
        seen = [[] for _ in range(n_members)]
        n_batches = 0
        for batch in batches:
            x, y, _ = batch
            n_batches += 1
            assert x.shape[1] > 0
            assert (y == -x[..., :1]).all()
            for member, rows in zip(seen, x[..., 0].int().tolist(), strict=True):
                member += rows
        assert n_batches <= len(batches)
        for member, held in zip(seen, out, strict=True):
            assert sorted(member) == sorted(set(range(case.n)) - held)
    validation = [x for x, _, _ in EvaluationBatches(stream, 10)]
    assert sum(x.shape[1] for x in validation) == held_out.valid_index.shape[1]


def test_held_out_samples_are_the_share_asked_for():
    rng = np.random.default_rng(0)
    case = make_stream(rng, n=1000, fraction=0.1, buffer=500)
    assert len(case.stream.held_out.x) == 100
    assert len(case.stream) == 900
    case = make_stream(rng, n=1000, fraction=0.5, buffer=100, n_members=4)
    assert case.stream.held_out.valid_index.shape == (4, 25)  # a window in all, no more
    assert len(case.stream.held_out.x) == 100


def test_epochs_differ_and_follow_from_the_generator():
    def orders(seed):
        case = make_stream(np.random.default_rng(1), n=300, buffer=50)
        batches = TrainingBatches(case.stream, 20, 0.4, torch.Generator().manual_seed(seed))
        return [torch.cat([x[0, :, 0] for x, _, _ in batches]).tolist() for _ in range(2)]

    first, second = orders(0)
    assert first != second
    assert orders(0) == [first, second]
    assert orders(1) != [first, second]


def test_blocks_are_read_whole_in_order_of_the_file_within_a_window():
    case = make_stream(np.random.default_rng(2), n=300, buffer=70, fraction=0)
    case.read_rows.clear()
    list(TrainingBatches(case.stream, 20, 0.0, torch.Generator()))
    assert sorted(case.read_rows, key=lambda rows: rows.start) == case.stream.blocks.slices
    ups = np.diff([rows.start for rows in case.read_rows]) > 0
    assert (~ups).sum() < case.stream.blocks.n_windows


def test_samples_are_mixed_within_a_window():
    case = make_stream(np.random.default_rng(3), n=2000, buffer=1000, fraction=0)
    x = torch.cat(
        [x[0, :, 0] for x, _, _ in TrainingBatches(case.stream, 50, 0, torch.Generator())]
    )
    for window in x.split(1000):
        assert (window.diff().abs() <= 4).float().mean() < 0.1  # neighbours have been parted


def test_weights_go_with_their_samples():
    weight = np.random.default_rng(4).random(200)
    case = make_stream(np.random.default_rng(4), n=200, buffer=60, n_members=2, weight=weight)
    expected = torch.from_numpy(weight.astype(np.float32))
    for x, _, weights in TrainingBatches(case.stream, 20, 0.0, torch.Generator()):
        assert (weights == expected[x[..., 0].long()]).all()
    for x, _, weights in EvaluationBatches(case.stream, 20):
        assert (weights == expected[x[..., 0].long()]).all()


@pytest.mark.parametrize("kind", [OSError, MemoryError])
def test_what_reading_raises_ends_the_epoch(kind):
    case = make_stream(np.random.default_rng(5), n=200, buffer=50)

    def fails(rows, x, y):
        raise kind("as it was raised")

    case.stream.read = fails
    with pytest.raises(kind, match=r"^as it was raised$"):
        list(TrainingBatches(case.stream, 20, 0.0, torch.Generator()))
