"""What ranks are made of: shares, places, shared memory and agreement, within one process."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from sklearn_dgex.exceptions import RankLostError
from sklearn_dgex.nn import Dropout, TowerNetwork
from sklearn_dgex.nn.dropout import dropped
from sklearn_dgex.training import Nadam, Profiles
from sklearn_dgex.training.distributed import joining, meeting, memory
from sklearn_dgex.training.distributed.agreement import check_alike, digest_of
from sklearn_dgex.training.distributed.lost import peers_heard
from sklearn_dgex.training.distributed.parts import (
    HeldOutParts,
    PartBatches,
    loss_shares,
    part_of,
    set_place,
    share_of,
    whole_of,
)
from sklearn_dgex.training.losses import LOSSES, ProfileLoss
from sklearn_dgex.training.profiles import Batch, EvaluationBatches, TrainingBatches


def profiles(n_samples=13, n_members=2, weighted=True):
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.randn(n_samples, n, generator=generator) for n in (5, 3))
    index = torch.stack([torch.arange(n_samples).roll(m) for m in range(n_members)])
    weight = torch.rand(n_samples, generator=generator) if weighted else None
    return Profiles(x, y, torch.ones(3), weight, index[:, 4:], index[:, :4])


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_shares_are_nearly_equal_and_leave_nothing_out(size):
    for n in range(20):
        shares = [range(n)[share_of(n, rank, size)] for rank in range(size)]
        assert [i for share in shares for i in share] == list(range(n))
        assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize("shape", [(7, 3), (2, 7, 3), (2, 4, 7, 3)])
def test_parts_drop_what_the_whole_drops(shape):
    h, keys = torch.ones(shape), [123, 456]
    whole = dropped(h, keys, 1 << 30)
    for size in (1, 2, 3, 9):
        shares = [share_of(7, rank, size) for rank in range(size)]
        parts = [dropped(h[..., s, :], keys, 1 << 30, (s.start, 7)) for s in shares]
        assert torch.equal(torch.cat(parts, -2), whole)


def test_a_place_is_not_pickled():
    network = torch.nn.Sequential(Dropout(0.5))
    set_place(network, (3, 7))
    assert network[0].place == (3, 7)
    assert "place" in network[0].__getstate__()
    assert network[0].__getstate__()["place"] is None


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("mixup", [0.0, 0.4])
@pytest.mark.parametrize("size", [2, 3, 20])
def test_ranks_have_the_batches_of_one_between_them(size, mixup, weighted):
    def batches():
        return TrainingBatches(
            profiles(weighted=weighted), 4, mixup, torch.Generator().manual_seed(1)
        )

    ranks = [list(PartBatches(batches(), rank, size)) for rank in range(size)]
    for n, expected in enumerate(batches()):
        parts = [rank[n] for rank in ranks]
        for name in ("x", "y", "weight"):
            values = [getattr(part, name) for part in parts]
            if getattr(expected, name) is None:
                assert values == [None] * size
            else:
                assert torch.equal(torch.cat(values, 1), getattr(expected, name))
        whole = whole_of(expected)
        firsts = [part.whole.first for part in parts]
        assert firsts[0] == 0
        assert firsts == sorted(firsts)
        assert {part.whole.n_samples for part in parts} == {whole.n_samples}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("weighted", [False, True])
def test_losses_of_parts_add_up(loss, weighted):
    data, criterion = profiles(weighted=weighted), ProfileLoss(loss)
    rows = torch.tensor([[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]])
    batch = Batch(data, rows, weight=data.weight[rows] if weighted else None)
    y_pred = torch.randn(2, 5, 3)
    total = 0.0
    for rank in range(6):  # one of which has no sample
        part, mine = part_of(batch, rank, 6), share_of(5, rank, 6)
        shares = loss_shares(part.weight, part.whole, y_pred)
        if not weighted:
            shares = shares[:, mine]
        total = total + (shares * criterion.loss(y_pred[:, mine], part.y)).sum()
    torch.testing.assert_close(total, criterion(y_pred, batch.y, batch.weight))


def test_held_out_samples_are_judged_by_one_rank_each():
    everything = list(EvaluationBatches(profiles(), 3))
    ranks = [list(HeldOutParts(EvaluationBatches(profiles(), 3), rank, 3)) for rank in range(3)]
    for n, expected in enumerate(everything):
        for place, values in enumerate(expected):
            assert torch.equal(torch.cat([rank[n][place] for rank in ranks], 1), values)


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="the system has no such memory")
def test_memory_is_shared():
    wanted = [((3, 5), torch.float32), ((0, 2), torch.float32), ((7,), torch.bfloat16)]
    n_bytes = memory.size_of(wanted)
    block, where = memory.reserve(n_bytes)
    mine = memory.tensors(block, wanted)
    theirs = memory.tensors(memory.attach(where, n_bytes), wanted)
    os.close(where[1])
    assert [(t.shape, t.dtype) for t in mine] == [(torch.Size(s), d) for s, d in wanted]
    for number, (a, b) in enumerate(zip(mine, theirs, strict=True)):
        a.fill_(number + 1)
        assert torch.equal(a, b)
        assert a.data_ptr() % memory.ALIGNMENT == 0
    del block, mine
    assert theirs[0].sum() == 15


def test_ranks_meet_though_the_store_holds_what_earlier_ones_wrote(monkeypatch):
    store = torch.distributed.HashStore()
    monkeypatch.setattr(meeting, "rendezvous", lambda _: iter([(store, ranks.current, 3)]))
    ranks = threading.local()

    def come(rank, timeout=20):
        ranks.current = rank
        found = meeting.meet(timeout)
        assert (found["rank"], found["world_size"]) == (rank, 3)
        found["store"].add("comers", 1)
        return found["store"]

    with ThreadPoolExecutor(3) as pool:
        for present in ([0, 1], [0, 1, 2], [2, 1, 0], [1, 2], [2, 0, 1]):  # of each attempt
            timeout = 20 if len(present) == 3 else 0.1
            coming = [pool.submit(come, rank, timeout) for rank in present]
            if len(present) == 3:
                pages = [one.result() for one in coming]
                assert [page.add("comers", 0) for page in pages] == [3, 3, 3]
            else:
                assert all(isinstance(one.exception(), TimeoutError) for one in coming)


def test_what_differs_is_named():
    facts = {"width": 5, "scales": np.array([1.0, np.nan]), "names": ["a"]}
    check_alike([facts, facts | {"scales": np.array([1 + 1e-7, np.nan])}])
    for other in (
        {"width": 6},
        {"width": "5"},
        {"scales": np.array([1.001, np.nan])},
        {"scales": np.array([0.0, np.nan])},
        {"scales": np.array([1.0])},
        {"names": ["b"]},
        {"scales": None},
    ):
        (name,) = other
        with pytest.raises(ValueError, match=f"Got another {name} on rank 2 than on rank 0"):
            check_alike([facts, facts, facts | other])


def test_digests_tell_all_bits():
    a, b = torch.zeros(3), torch.zeros(3)
    assert digest_of([a, b]) == digest_of([b, a])
    b[2] = 1e-30
    assert digest_of([a, b]) != digest_of([b, a])
    assert digest_of([a]) != digest_of([a.view(1, 3)])


def test_only_words_of_connections_mean_a_lost_rank():
    for message in ("Connection closed by peer [::1]:1", "Timed out waiting 1000ms", "NCCL error"):
        with pytest.raises(RankLostError, match=r"docs/several_processes\.md"), peers_heard():
            raise RuntimeError(message)
    for error in (RuntimeError("mat1 and mat2"), torch.OutOfMemoryError("NCCL"), OSError("peer")):
        with pytest.raises(type(error)) as caught, peers_heard():
            raise error
        assert caught.value is error


def test_ranks_are_counted_by_torchruns_words(monkeypatch):
    assert joining.n_ranks("auto") == 1
    for name, value in zip(joining.ENVIRONMENT, ("0", "3", "localhost", "1"), strict=True):
        monkeypatch.setenv(name, value)
    assert joining.n_ranks("auto") == joining.n_ranks("ddp") == joining.n_ranks("fsdp") == 3
    assert joining.n_ranks(None) == 1
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert joining.n_ranks("ddp") == 1
    monkeypatch.delenv("RANK")
    with pytest.raises(ValueError, match="where torchrun started"):
        joining.n_ranks("ddp")


def test_workers_of_a_rank_are_no_ranks(monkeypatch):
    for name, value in zip(joining.ENVIRONMENT, ("0", "3", "localhost", "1"), strict=True):
        monkeypatch.setenv(name, value)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(joining.n_ranks, "auto").result() == 1
        with pytest.raises(ValueError, match=r"in a thread, or in a process.*Got 'ddp'"):
            pool.submit(joining.n_ranks, "ddp").result()
    monkeypatch.setattr("multiprocessing.parent_process", lambda: "the rank")
    assert joining.n_ranks("auto") == 1
    with pytest.raises(ValueError, match="Got 'fsdp'; where such a process is to be a rank, call"):
        joining.n_ranks("fsdp")
    # What has a group was started to be a rank.
    monkeypatch.setattr("torch.distributed.is_initialized", lambda: True)
    monkeypatch.setattr("torch.distributed.get_world_size", lambda: 3)
    assert joining.n_ranks("auto") == joining.n_ranks("fsdp") == 3
    monkeypatch.setattr(joining, "JOINED", {os.getpid() + 1})  # before a fork
    assert joining.n_ranks("auto") == 1


def test_each_rank_of_a_host_has_a_gpu_of_its_own(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    assert joining.local_device("auto", "auto") == "auto"
    for name, value in zip(joining.ENVIRONMENT, ("5", "8", "localhost", "1"), strict=True):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert joining.local_device("auto", "auto") == "cuda:1"
    assert joining.local_device("cuda", "ddp") == "cuda:1"
    assert joining.local_device("cuda:3", "auto") == "cuda:3"
    assert joining.local_device("cpu", "auto") == "cpu"
    assert joining.local_device("auto", None) == "auto"


@pytest.mark.usefixtures("_threads")
def test_threads_are_shared_out_where_nobody_has_said_how(monkeypatch):
    monkeypatch.setattr("joblib.cpu_count", lambda: 6)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    torch.set_num_threads(8)
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    with joining._fair_threads():
        assert torch.get_num_threads() == 8
    monkeypatch.delenv("OMP_NUM_THREADS")
    with joining._fair_threads():
        assert torch.get_num_threads() == 3
    assert torch.get_num_threads() == 8


def test_nadam_takes_shards_for_what_they_hold():
    class Shards(torch.Tensor):
        """A tensor that others' code must not look into."""

        def to_local(self):
            return self.as_subclass(torch.Tensor)

    network = TowerNetwork(3, 2, 2)
    optimizer = Nadam(network.parameters())
    parameter = network.output_weight
    optimizer.state_of(parameter)
    piece = optimizer.piece(parameter, torch.ones_like(parameter).as_subclass(Shards))
    assert type(piece.gradient) is torch.Tensor
    assert piece.parameter.data_ptr() == parameter.data_ptr()
