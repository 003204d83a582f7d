"""GCTX files are chosen from by clear rules, shared by threads and forks, and bounded in memory."""

import os
import threading
import time
from collections import OrderedDict

import numpy as np
import pandas as pd
import pytest

from sklearn_dgex.datasets import open_expression, read_gctx, write_gctx
from sklearn_dgex.datasets._formats import gctx_matrix
from sklearn_dgex.datasets._formats.hdf5 import chunks, dataset

h5py = pytest.importorskip("h5py", reason="h5py is not installed")
VALUES = np.random.default_rng(0).normal(size=(400, 12)).astype(np.float32)


@pytest.fixture
def path(tmp_path):
    samples, genes = [f"s{i}" for i in range(400)], [f"g{i}" for i in range(12)]
    write_gctx(pd.DataFrame(VALUES, samples, genes), tmp_path / "a.gctx", compression=1)
    return tmp_path / "a.gctx"


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({"samples": "s1"}, r"'samples' parameter must be a list .* Got 's1' alone instead; pass"),
        ({"genes": 3}, r"'genes' parameter must be a list or a slice. Got 3 alone"),
        ({"samples": [0, 400]}, r"'samples' parameter must be below 400. Got 400 as the highest"),
        ({"samples": [-401]}, "-401 as the lowest"),
        ({"genes": np.ones(5, bool)}, r"'genes' parameter that is a mask must have 12 values"),
        ({"genes": [[0, 1], [2, 3]]}, "'genes' parameter must .* Got 2 dimensions of int64"),
        ({"genes": [["g0"], ["g1"]]}, "Got 2 dimensions of str"),
        ({"samples": np.array([2**64 - 1], np.uint64)}, "must be below 400"),
    ],
)
def test_choices_that_cannot_be_met_are_one_sentence(path, choice, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        read_gctx(path, **choice)
    assert "\n" not in str(caught.value)


class SlowCache(OrderedDict):
    """Lets other threads in between a look and what follows from it."""

    def __contains__(self, place):
        is_there = super().__contains__(place)
        time.sleep(1e-4)
        return is_there


@pytest.mark.parametrize("n_kept", [0, 3])
def test_threads_share_the_chunks(path, monkeypatch, n_kept):
    monkeypatch.setattr(chunks, "CACHE_BYTES", n_kept * 16 * 12 * 4)
    wrong = []

    def read(source, seed):
        rng = np.random.default_rng(seed)
        try:
            for _ in range(40):
                rows = rng.integers(0, 400, 3)
                np.testing.assert_array_equal(source[rows], VALUES[rows])
        except BaseException as error:
            wrong.append(error)

    with open_expression(path) as source:
        stored = source._matrix._stored.chunks
        stored._cache = SlowCache()
        threads = [threading.Thread(target=read, args=(source, seed)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(stored._cache) == max(1, n_kept)
    assert not wrong


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_reads_whatever_a_thread_of_its_parent_was_doing(path):
    with open_expression(path) as source:
        source[0]
        with source._matrix._stored.chunks._lock:  # as another thread may hold it
            child = os.fork()
            if not child:
                threading.Timer(20, os._exit, [1]).start()
                is_right = np.array_equal(source[[399, 0]], VALUES[[399, 0]])
                os._exit(0 if is_right else 2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("error", [MemoryError, TypeError, AttributeError])
def test_what_is_not_the_files_fault_is_not_called_damage(path, monkeypatch, error):
    def fail(*_):
        raise error("of our own")

    monkeypatch.setattr(gctx_matrix, "converted", fail)
    with pytest.raises(error, match="of our own"):
        read_gctx(path)


@pytest.mark.parametrize("error", [TypeError, AttributeError, RuntimeError, KeyError])
def test_what_the_library_raises_at_a_file_is_damage(path, monkeypatch, error):
    def fail(*_):
        raise error("unknown message")

    monkeypatch.setattr(dataset, "_layout", fail)
    with pytest.raises(OSError, match=r"matrix' of .* must be whole. Got .*unknown message"):
        read_gctx(path)


def test_names_of_one_dataset_are_read_once(path, monkeypatch):
    with h5py.File(path, "a") as file:
        file["0/META/COL/cell"] = np.array([b"A375", b"-666"] * 200)
        for i in range(5):
            file[f"0/META/COL/again{i}"] = file["0/META/COL/cell"]
    n_read, real = [], dataset.Dataset.read
    monkeypatch.setattr(dataset.Dataset, "read", lambda self: n_read.append(1) or real(self))
    samples = read_gctx(path).samples
    assert samples.shape == (400, 6)
    assert all(samples[name].equals(samples["cell"]) for name in samples)
    assert samples["cell"][:2].isna().tolist() == [False, True]
    assert len(n_read) == 3  # ids of samples and of genes, and cells


def test_all_metadata_together_stay_in_proportion_to_the_file(path):
    """Each of these datasets alone may be read; there are too many of them."""
    with h5py.File(path, "w") as file:
        n = 200_000
        file["0/DATA/0/matrix"] = np.zeros((n, 1), np.int8)
        file["0/META/ROW/id"] = [b"g"]
        ids = np.array([f"s{i:06}".encode() for i in range(n)])
        for name in ["id", *map(str, range(20))]:
            file.create_dataset(
                f"0/META/COL/{name}", data=ids, compression="gzip", shuffle=True, chunks=(n,)
            )
    with pytest.raises(OSError, match=r"'/0/META/COL/\d+' of .* in proportion to its file"):
        read_gctx(path)
