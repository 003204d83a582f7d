"""Items come in order, errors in their place, and no thread outlives the block it works for."""

import threading
import time
from contextlib import closing

import numpy as np
import pytest

from sklearn_dgex._commands import infer, streaming
from sklearn_dgex._commands.streaming import block_length
from sklearn_dgex.utils.ahead import one_ahead


def workers():
    return {thread for thread in threading.enumerate() if "ThreadPoolExecutor" in thread.name}


@pytest.fixture(autouse=True)
def _no_thread_stays():
    before = workers()
    yield
    assert workers() <= before


def slow(n, error=None):
    for i in range(n):
        time.sleep(0.01)
        yield i
    if error is not None:
        raise error


def nested(items):
    """Like infer: a thread makes items, another squares them."""
    with closing(one_ahead(items)) as ours, closing(one_ahead(i * i for i in ours)) as squares:
        yield from squares


def test_order_is_kept():
    assert list(nested(slow(20))) == [i * i for i in range(20)]
    assert list(nested([])) == []


@pytest.mark.parametrize("error", [OSError("damaged"), KeyboardInterrupt(), MemoryError()])
def test_an_error_comes_after_the_items_before_it(error):
    squares = nested(slow(5, error))
    assert [next(squares) for _ in range(5)] == [0, 1, 4, 9, 16]
    with pytest.raises(type(error)) as raised:
        next(squares)
    assert raised.value is error


def test_the_next_item_is_made_meanwhile():
    made = threading.Event()

    def items():
        yield 0
        made.set()
        yield 1

    with closing(one_ahead(items())) as coming:
        assert next(coming) == 0
        assert made.wait(5)


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_threads_end_before_the_file_closes_if_writing_fails(error):
    """The error is held here, and with it its frames: nothing may wait for their collection."""
    before, is_open, read_closed = workers(), True, []

    def reads():
        for i in range(100):
            time.sleep(0.01)
            read_closed.append(not is_open)
            yield i

    try:
        with closing(one_ahead(reads())) as ours, closing(one_ahead(i * i for i in ours)) as done:
            for item in done:
                if item == 4:
                    raise error
    except BaseException as caught:
        held = caught
        is_open = False
        assert workers() <= before
    assert held is error
    time.sleep(0.05)
    assert not any(read_closed)
    assert 3 <= len(read_closed) <= 7


@pytest.mark.usefixtures("files")
def test_infer_ends_its_threads_if_writing_fails(mistake, monkeypatch, folder):
    from sklearn_dgex._commands.models import Inference

    alive, before = [], workers()

    def complete(self, landmarks, inferred):
        raise OSError("The disk is full.")

    def closing_file(self):
        alive.extend(workers() - before)
        closed(self)

    from sklearn_dgex.datasets import ExpressionSource

    closed = ExpressionSource.close
    monkeypatch.setattr(ExpressionSource, "close", closing_file)
    monkeypatch.setattr(Inference, "complete", complete)
    monkeypatch.setattr(streaming, "BLOCK_VALUES", 32 * 2)
    said = mistake("infer", "model.safetensors", "new.gctx", "--out", "out.gctx")
    assert said == "The disk is full."
    assert not alive
    assert not (folder / "out.gctx").exists()


def test_blocks_count_the_widest_table(monkeypatch):
    monkeypatch.setattr(streaming, "BLOCK_VALUES", 1000)
    assert block_length(10, 100) == block_length(100, 10) == 10
    assert block_length(5000) == 1
    assert block_length(0) == 1000
    monkeypatch.setattr(streaming, "BLOCK_VALUES", 1 << 24)
    assert block_length(1) == 10_000


@pytest.mark.usefixtures("files")
def test_infer_counts_the_width_of_what_it_reads(run, monkeypatch):
    widths = []
    monkeypatch.setattr(infer, "block_length", lambda *counts: widths.append(counts) or 7)
    run("infer", "model.safetensors", "new.gctx", "--out", "out.gctx", "--only-inferred")
    np.testing.assert_array_equal(widths, [(20, 12)])
