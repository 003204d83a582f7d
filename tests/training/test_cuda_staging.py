"""Batches copied ahead, by a lane whose copies and work happen as late as they may."""

import numpy as np
import pytest
import torch

from sklearn_dgex.nn import TowerNetwork
from sklearn_dgex.training import Profiles, fitting, held_out_quality, make_profiles, profiles
from sklearn_dgex.training.cuda import capability, staging
from sklearn_dgex.training.cuda.staging import staged
from sklearn_dgex.training.profiles import Batch, EvaluationBatches, TrainingBatches

CPU = torch.device("cpu")


class LateLane:
    """Two queues that stand still until someone has to wait for them.

    Work reads the memory that it was lent only when it is done; so a copy that did not wait for the
    work before it, or a gather that did not wait for the copy before it, shows in what work read.
    """

    def __init__(self, wrong=None):
        self.wrong = wrong  # which of the waits is left out
        self.copies, self.work, self.n_allocated = [], [], 0

    def host(self, shape, dtype):
        self.n_allocated += 1
        return torch.full(shape, float("nan"), dtype=dtype)

    device = host

    def copy(self, pairs, after):
        def run():
            if after is not None and self.wrong != "after":
                after()
            for source, target in pairs:
                target.copy_(source)

        return self._queued(self.copies, run)

    def mark_work(self):
        return self._queued(self.work, lambda: None)

    def hold_work(self, mark):
        if self.wrong != "hold":
            self._queued(self.work, mark)

    def wait(self, mark):
        if self.wrong != "wait":
            mark()

    def learn(self, batch, seen):
        self._queued(self.work, lambda: seen.append([t.clone() for t in batch if t is not None]))

    def finish(self):
        for queue in (self.copies, self.work) if self.wrong == "after" else (self.work,):
            while queue:
                queue.pop(0)()

    @staticmethod
    def _queued(queue, run):
        """Queue something up; calling what is returned does all up to it."""
        entry = [run]

        def item():
            if entry:
                entry.pop()()

        def up_to():
            while item in queue:
                queue.pop(0)()

        queue.append(item)
        return up_to


def on_the_cpu(n=53, n_members=2, weighted=True):
    """Profiles with their own number everywhere."""
    number = torch.arange(n, dtype=torch.float32)
    index = torch.stack([torch.arange(n).roll(m) for m in range(n_members)])
    return Profiles(
        x=number[:, None].repeat(1, 3),
        y=-number[:, None].repeat(1, 4),
        y_scale=torch.ones(4),
        weight=1000 + number if weighted else None,
        train_index=index[:, 10:],
        valid_index=index[:, :10],
    )


def batches(data, mixup=0.0, batch_size=5):
    return TrainingBatches(data, batch_size, mixup, torch.Generator().manual_seed(0))


def learnt(data, lane, **settings):
    seen = []
    for batch in staged(batches(data, **settings).unstaged(), CPU, lane):
        lane.learn(batch, seen)
    lane.finish()
    return seen


def all_equal(seen, expected):
    return len(seen) == len(expected) and all(
        torch.equal(a, b)
        for batch, wanted in zip(seen, expected, strict=True)
        for a, b in zip(batch, wanted, strict=True)
    )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("mixup", [0.0, 0.4])
@pytest.mark.parametrize("batch_size", [1, 5, 40, 100])
def test_batches_arrive_as_they_are(weighted, mixup, batch_size):
    data, lane = on_the_cpu(weighted=weighted), LateLane()
    expected = [[t for t in b if t is not None] for b in batches(data, mixup, batch_size)]
    assert all_equal(learnt(data, lane, mixup=mixup, batch_size=batch_size), expected)
    # on both sides, in two places, of two sizes at most
    assert lane.n_allocated <= 2 * 2 * 2 * (3 if weighted else 2)


@pytest.mark.parametrize("wrong", ["wait", "after", "hold"])
def test_each_of_the_waits_is_needed(wrong):
    data = on_the_cpu()
    expected = [list(batch) for batch in batches(data)]
    assert not all_equal(learnt(data, LateLane(wrong)), expected)


def test_a_copy_that_nobody_used_holds_later_work_up():
    lane = LateLane()
    running = staged(batches(on_the_cpu()).unstaged(), CPU, lane)
    lane.learn(next(running), [])
    running.close()
    lane.finish()
    assert not lane.copies


def test_profiles_of_another_device_are_staged(monkeypatch):
    data, asked = on_the_cpu(), []
    monkeypatch.setattr(Profiles, "device", torch.device("meta"))
    monkeypatch.setattr(profiles, "staged", lambda made, device: asked.append(device) or made)
    drawn = [batch.rows for batch in batches(data)]
    assert asked == [torch.device("meta")]
    monkeypatch.undo()
    same = [batch.rows for batch in batches(data)]
    assert all(torch.equal(a, b) for a, b in zip(drawn, same, strict=True))


def test_evaluation_and_quality_take_what_they_need_to_the_device(monkeypatch):
    data = on_the_cpu()
    module = TowerNetwork(3, 4, 5, n_members=2).eval()
    expected = held_out_quality(module, data)
    evaluated = list(EvaluationBatches(data, 4))
    moved = []

    def sent(tensor, device):
        moved.append(tensor.shape[-1])
        return tensor.clone()

    monkeypatch.setattr(profiles, "sent", sent)
    for name, value in held_out_quality(module, data).items():
        np.testing.assert_array_equal(value, expected[name])
    assert len(moved) == 3
    assert all_equal([list(b) for b in EvaluationBatches(data, 4)], [list(b) for b in evaluated])
    assert len(moved) == 3 + 3 * 3


@pytest.mark.parametrize("partners", [None, torch.tensor([[3, 0], [1, 1]])])
def test_batches_are_written_into_memory_at_hand(partners):
    share = None if partners is None else torch.rand(2, 2)
    batch = Batch(on_the_cpu(), torch.tensor([[7, 2], [0, 52]]), partners, share)
    x, y = torch.empty(2, 2, 3), torch.empty(2, 2, 4)
    batch.write(x, y)
    assert torch.equal(x, batch.x)
    assert torch.equal(y, batch.y)


@pytest.mark.parametrize(
    ("free", "n_parameters", "home"),
    [(float("inf"), 0, "meta"), (1e6, 0, "meta"), (1000, 0, "cpu"), (1e6, 45_000, "cpu")],
)
def test_profiles_stay_where_they_are_if_the_device_has_no_room(
    monkeypatch, free, n_parameters, home
):
    monkeypatch.setattr(capability, "free_memory", lambda device: free)
    rng = np.random.RandomState(0)
    x, y = rng.rand(20, 30).astype(np.float32), rng.rand(20, 40).astype(np.float32)
    made = make_profiles(
        x,
        y,
        y_scale=np.ones(40),
        weight=np.ones(20),
        n_members=2,
        validation_fraction=0.1,
        rng=rng,
        device=torch.device("meta"),
        n_parameters=n_parameters,
    )
    for value in (made.x, made.y, made.weight, made.train_index, made.valid_index):
        assert value.device.type == home
    assert made.device.type == "meta"
    assert made.resident == (home == "meta")


def test_free_memory_has_no_bound_on_the_cpu():
    assert capability.free_memory(CPU) == float("inf")
    assert 0 < fitting.SHARE < 1


@pytest.mark.gpu
@pytest.mark.parametrize("mixup", [0.0, 0.4])
def test_batches_arrive_on_a_gpu(mixup):
    data, cuda = on_the_cpu(), torch.device("cuda", 0)
    expected = [list(batch) for batch in batches(data, mixup)]
    on_gpu = staged(batches(data, mixup).unstaged(), cuda, staging.CudaLane(cuda))
    seen = [[tensor.cpu() for tensor in batch] for batch in on_gpu]
    assert all_equal(seen, expected)
