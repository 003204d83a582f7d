"""The compiled kernel's parts against numpy, and what it promises as a whole."""

import _thread
import shutil
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from sklearn_dgex.training.autoencoder import AutoencoderWeights, epoch_keys

numba = pytest.importorskip("numba", reason="numba compiles the kernel")

from sklearn_dgex.training.autoencoder.kernel import (  # noqa: E402
    arithmetic,
    engine,
    epochs,
    network,
    plan,
)
from sklearn_dgex.training.compiled import compiling, lanes  # noqa: E402

KINDS = {"sigmoid": expit, "tanh": np.tanh, "relu": lambda z: np.maximum(z, 0), "identity": np.copy}
SOLVERS = [
    {"solver": "sgd"},
    {"solver": "sgd", "momentum": 0.5},
    {"solver": "nadam", "learning_rate": 0.01},
]


@numba.njit
def each(x, kind, numbers, values, slopes, exponentials):
    """Eight at a time: the activation, its slope, and the exponential."""
    for k in range(0, len(x), lanes.LANES):
        y = arithmetic.activation(lanes.load(x, k), kind, numbers)
        lanes.store(values, k, y)
        lanes.store(slopes, k, arithmetic.slope(y, kind, numbers))
        lanes.store(exponentials, k, arithmetic.exponential(lanes.load(x, k), numbers))


@numba.njit
def up(lower, upper, weights, layout, n_rows):
    network.multiply(lower, 0, upper, 0, weights, 0, layout, 0, n_rows)


@numba.njit
def down(upper, lower, weights, layout, n_rows):
    network.multiply_transposed(upper, 0, lower, 0, weights, 0, layout, 0, n_rows)


def computed(x, name="sigmoid"):
    """Values, slopes and exponentials of the kernel."""
    padded = np.pad(x, (0, -len(x) % lanes.LANES))
    results = [np.empty_like(padded) for _ in range(3)]
    each(padded, engine.ACTIVATION_KINDS[name], arithmetic.constants(x.dtype), *results)
    return [result[: len(x)] for result in results]


def sums(scale, n=4000, dtype=np.float64):
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal(scale=scale, size=n), [0.0, -0.0]]).astype(dtype)


@pytest.mark.parametrize("scale", [1e-3, 1, 10])
def test_exponential(scale):
    x = -abs(sums(scale))
    x = x[x >= -40]
    np.testing.assert_allclose(computed(x)[2], np.exp(x), rtol=1e-13)
    x = x.astype(np.float32)
    np.testing.assert_allclose(computed(x)[2], np.exp(x.astype(float)), rtol=1e-6)


def test_exponential_of_less_is_next_to_nothing_and_stays_normal():
    x = -np.array([41, 100, 1e4, 1e30, np.inf], np.float32)
    small = computed(x)[2]
    assert (small > np.finfo(np.float32).tiny).all()
    assert (small < 5e-18).all()


@pytest.mark.parametrize("scale", [1e-3, 1, 10, 1e4])
@pytest.mark.parametrize("name", KINDS)
def test_activations(name, scale):
    x = sums(scale)
    y = computed(x, name)[0]
    np.testing.assert_allclose(y, KINDS[name](x), rtol=1e-13, atol=5e-16)
    if name == "sigmoid":
        near = abs(x) < 40
        np.testing.assert_allclose(y[near], expit(x[near]), rtol=1e-13)
    x = x.astype(np.float32)
    np.testing.assert_allclose(computed(x, name)[0], KINDS[name](x), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", KINDS)
def test_slopes(name):
    x, h = sums(3)[:-2], 1e-6
    x = x[abs(x) > h]  # relu has a kink
    numeric = (KINDS[name](x + h) - KINDS[name](x - h)) / (2 * h)
    np.testing.assert_allclose(computed(x, name)[1], numeric, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_activations_at_the_ends(name, dtype):
    x = np.array([-np.inf, np.inf, -1e30, 1e30], dtype)
    np.testing.assert_allclose(computed(x, name)[0], KINDS[name](x), rtol=1e-6, atol=1e-17)


def test_products_equal_numpys():
    rng = np.random.default_rng(0)
    for n_lower, n_upper, n_rows in [
        *rng.integers(1, [60, 130, 30], size=(40, 3)),
        (1, 1, 1),
        (8, 8, 4),
        (16, 64, 8),
        (17, 65, 9),
        (200, 150, 5),
    ]:
        padded_rows = plan.padded(int(n_rows), plan.ROWS)
        layout, _ = plan.make_plan([int(n_lower), int(n_upper)], True, padded_rows)
        low, high = layout[plan.WIDTH]

        def drawn(rows, units, width):
            values = np.zeros((rows, width))
            values[:, :units] = rng.normal(size=(rows, units))
            return values

        weights = drawn(n_lower, n_upper, high)
        lower, upper = drawn(padded_rows, n_lower, low), drawn(padded_rows, n_upper, high)
        more, fewer = upper.copy().ravel(), lower.copy().ravel()
        up(lower.ravel(), more, weights.ravel(), layout, padded_rows)
        down(upper.ravel(), fewer, weights.ravel(), layout, padded_rows)
        expected = upper + lower[:, :n_lower] @ weights
        np.testing.assert_allclose(more.reshape(upper.shape), expected, atol=1e-12)
        expected = lower[:, :n_lower] + upper @ weights.T
        fewer = fewer.reshape(lower.shape)
        np.testing.assert_allclose(fewer[:, :n_lower], expected, atol=1e-12)
        assert (fewer[:, n_lower:] == 0).all()


def filled(weights):
    """Ones everywhere."""
    return AutoencoderWeights(*(a and [np.ones_like(b) for b in a] for a in vars(weights).values()))


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("sizes", [[7, 5], [8, 16], [9, 1, 17, 3]], ids=str)
def test_packing_keeps_each_weight(sizes, tied, draw, distance):
    weights, _ = draw(sizes, tied=tied)
    layout, n = plan.make_plan(weights.sizes, tied, 5)
    flat = engine.pack(weights, layout, n, np.float64)
    n_weights = sum(array.size for arrays in vars(weights).values() for array in arrays or [])
    assert engine.pack(filled(weights), layout, n, np.float64).sum() == n_weights  # none overlap
    unpacked = engine.unpack(flat, weights, layout)
    assert distance(unpacked, weights) == 0
    assert unpacked.sizes == sizes
    assert unpacked.tied == tied
    flat[:] = 0
    assert distance(unpacked, weights) == 0  # a copy


def test_nothing_overlaps_in_a_plan():
    for sizes in ([7, 5], [8, 8], [9, 17, 3], [30, 1, 1, 2]):
        layout, _ = plan.make_plan(sizes, False, 6)
        blocks = [(0, -1)]
        for level, width in enumerate(layout[plan.WIDTH]):
            blocks += [(layout[plan.UP, level], 8 * width), (layout[plan.DOWN, level], 8 * width)]
        blocks = sorted(set(blocks))[1:]  # of the code, up and down are one
        assert len(blocks) == 2 * len(sizes) - 1
        starts, ends = zip(*((start, start + size) for start, size in blocks), strict=True)
        assert starts == (0, *ends[:-1])
        assert plan.n_values(layout, 6) == ends[-1]
        np.testing.assert_array_equal(
            plan.masks(layout, float),
            np.concatenate([[1.0] * s + [0.0] * (-s % lanes.LANES) for s in sizes]),
        )


@pytest.mark.parametrize("noise", ["masking", "gaussian", "salt_and_pepper"])
@pytest.mark.parametrize("settings", [*SOLVERS, {"loss": "squared_error"}], ids=str)
@pytest.mark.parametrize("tied", [True, False])
def test_padding_stays_zero(tied, settings, noise, make_recipe, draw, monkeypatch):
    kept = []
    monkeypatch.setattr(engine, "unpack", lambda flat, like, layout: kept.append((flat, layout)))
    weights, x = draw([9, 6, 3], tied=tied)
    recipe = make_recipe(noise=noise, low=-1.0, **settings)
    keys = epoch_keys(40, np.random.RandomState(0))
    engine.train_with_kernel(weights, x, recipe, keys, lambda losses: None)
    ((flat, layout),) = kept
    used = engine.pack(filled(weights), layout, len(flat), np.float64) == 1
    assert not used.all()
    assert (flat[~used] == 0).all()
    assert (flat[used] != 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("loss", "output"), [("cross_entropy", "sigmoid"), ("squared_error",) * 2])
@pytest.mark.parametrize("sign", [-1, 1])
def test_huge_sums_have_a_finite_loss(loss, output, sign, dtype, make_recipe, draw, by_kernel):
    weights, x = draw([7, 5])
    weights.decoder_bias[0][:] = sign * 1e4
    x = np.full_like(x, sign < 0).astype(dtype)  # the worst of all targets
    output = "sigmoid" if loss == "cross_entropy" else "identity"
    recipe = make_recipe(loss=loss, output_activation=output, learning_rate=1e-6)
    trained, losses = by_kernel(weights, x, recipe, epoch_keys(1, np.random.RandomState(0)))
    of_one = 1e4 if loss == "cross_entropy" else (1e4 + (sign < 0)) ** 2
    assert losses[0] == pytest.approx(7 * of_one, rel=1e-3)
    assert all(np.isfinite(array).all() for array in (*trained.encoder, *trained.decoder_bias))


@pytest.mark.parametrize(("loss", "output"), [("cross_entropy", "sigmoid"), ("squared_error", "")])
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("activation", KINDS)
def test_nan_is_not_swallowed(activation, tied, loss, output, make_recipe, draw, by_kernel):
    recipe = make_recipe(activation=activation, loss=loss, output_activation=output or activation)
    keys = epoch_keys(2, np.random.RandomState(0))
    places = ["encoder", "bias", "decoder_bias", *([] if tied else ["own_decoder"])]
    swallowed = []
    for place in places:
        weights, x = draw([7, 5, 3], activation=activation, tied=tied)
        getattr(weights, place)[0].flat[2] = np.nan
        if np.isfinite(by_kernel(weights, x, recipe, keys)[1]).any():
            swallowed.append(place)
    assert not swallowed


@pytest.mark.parametrize("settings", SOLVERS, ids=str)
def test_the_number_of_epochs_a_call_makes_no_difference(
    settings, make_recipe, draw, by_kernel, distance, monkeypatch
):
    problem = (*draw([7, 5]), make_recipe(**settings), epoch_keys(30, np.random.RandomState(0)))
    ends, n_calls, train = [], [], epochs.train

    def counted(*args):
        n_calls[-1] += 1
        train(*args)

    monkeypatch.setattr(epochs, "train", counted)
    for seconds in (0, 1000):
        monkeypatch.setattr(engine, "SECONDS_A_CALL", seconds)
        n_calls.append(0)
        ends.append(by_kernel(*problem))
    assert n_calls == [30, 3]  # of 1, 10 and the remaining 19 epochs
    assert distance(ends[0][0], ends[1][0]) == 0
    assert np.array_equal(ends[0][1], ends[1][1])


def test_two_threads_at_once_equal_one_after_the_other(make_recipe, draw, by_kernel, distance):
    keys = epoch_keys(2000, np.random.RandomState(0))
    problems = [(*draw([12, 8, 4], seed=seed), make_recipe(), keys) for seed in (0, 1)]
    alone = [by_kernel(*problem) for problem in problems]
    both = [None, None]
    start = threading.Barrier(2)

    def run(which):
        start.wait()
        both[which] = by_kernel(*problems[which])

    threads = [threading.Thread(target=run, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for mine, reference in zip(both, alone, strict=True):
        assert distance(mine[0], reference[0]) == 0
        assert np.array_equal(mine[1], reference[1])
    assert distance(both[0][0], both[1][0]) > 0.1


def test_other_threads_run_meanwhile(make_recipe, draw, by_kernel, monkeypatch):
    """In one compiled call, that is: between two of them they would with the lock held, too."""
    train, log = epochs.train, []

    def logged(*args):
        log.append("in")
        train(*args)
        log.append("out")

    monkeypatch.setattr(epochs, "train", logged)
    problem = (*draw([40, 30], 200), make_recipe(), epoch_keys(1, np.random.RandomState(0)))
    by_kernel(*problem)  # compiled from here on
    log.clear()
    problem = (*problem[:3], epoch_keys(600, np.random.RandomState(0)))
    monkeypatch.setattr(engine, "SECONDS_A_CALL", 1000)
    thread, n_ticks = threading.Thread(target=by_kernel, args=problem), 0
    thread.start()
    while thread.is_alive():
        n_ticks += log[4:] in (["in"], ["in", "out", "in"])  # of a hundred epochs and more
        time.sleep(0.001)
    assert log == ["in", "out"] * (len(log) // 2)
    assert n_ticks > 10


def interruptible(*problem):
    try:
        return engine.train_with_kernel(*problem)
    except KeyboardInterrupt:  # which would end all tests
        pytest.fail("the interrupt came through")


def test_an_interrupt_from_the_report_ends_training_there(make_recipe, draw, by_kernel, distance):
    (weights, x), recipe = draw([7, 5]), make_recipe()
    keys, heard = epoch_keys(1000, np.random.RandomState(0)), []

    def report(losses):
        heard.extend(losses)
        if len(heard) > 1:
            raise KeyboardInterrupt

    trained = interruptible(weights, x, recipe, keys, report)
    assert 1 < len(heard) < len(keys)
    so_far, losses = by_kernel(weights, x, recipe, keys[: len(heard)])
    assert distance(trained, so_far) == 0
    assert np.array_equal(heard, losses)


def test_ctrl_c_is_heard_within_moments(make_recipe, draw, distance):
    (weights, x), recipe = draw([7, 5]), make_recipe()
    keys, heard = epoch_keys(3_000_000, np.random.RandomState(0)), []  # half a minute or more

    def report(losses):
        if not heard:
            threading.Timer(0.3, _thread.interrupt_main).start()
        heard.extend(losses)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        trained = interruptible(weights, x, recipe, keys, report)
    finally:
        signal.signal(signal.SIGINT, before)
    assert 0 < len(heard) < len(keys)
    assert np.isfinite(heard).all()
    assert distance(trained, weights) > 0.1


@pytest.mark.parametrize("error", [ValueError, RuntimeError])
def test_other_errors_of_the_report_come_through(error, make_recipe, draw):
    def report(losses):
        raise error("from the report")

    problem = (*draw([7, 5]), make_recipe(), epoch_keys(3, np.random.RandomState(0)))
    with pytest.raises(error, match="from the report"):
        engine.train_with_kernel(*problem, report)


def test_where_no_folder_may_be_written_the_code_is_compiled_anew(monkeypatch):
    def njit(cache=False, **options):
        if cache:
            raise RuntimeError("no locator available")
        return numba.njit(**options)

    monkeypatch.setattr(compiling, "njit", njit)
    doubled = compiling.compiled_entry(lambda x: 2 * x)
    assert doubled(3) == 6
    assert doubled.targetoptions["nogil"]


def test_compiled_code_is_kept_under_a_digest_of_all_sources(tmp_path, monkeypatch):
    sources = tmp_path / "kernel"
    shutil.copytree(Path(compiling.__file__).parent, sources)
    monkeypatch.setattr(compiling, "__file__", str(sources / "compiling.py"))
    before = compiling.sources_digest()
    assert before == compiling.sources_digest() > 0
    (sources / "lanes.py").write_text("LANES = 16\n")
    assert compiling.sources_digest() != before
