import numpy as np
import pytest

from sklearn_dgex.utils import rows, scaling
from sklearn_dgex.utils.rows import Rows
from sklearn_dgex.utils.scaling import GeneScaler


@pytest.fixture(params=[1, 100, None], ids=["block of a row", "some blocks", "one block"])
def _blocks(request, monkeypatch):
    if request.param:
        monkeypatch.setattr(scaling, "BLOCK_BYTES", 8 * 6 * request.param)


def expression(n, n_genes, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    location, spread = rng.normal(0, 30, n_genes), np.exp(rng.normal(0, 2, n_genes))
    return (rng.normal(size=(n, n_genes)) * spread + location).astype(dtype)


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_standard_scaling_takes_numpys_mean_and_deviation(dtype):
    values = expression(257, 6, dtype=dtype)
    scaler = GeneScaler.fit(values, "standard")
    np.testing.assert_allclose(scaler.offset, values.astype(np.float64).mean(0), rtol=1e-12)
    np.testing.assert_allclose(scaler.scale, values.astype(np.float64).std(0), rtol=1e-12)
    scaled = scaler.transform(values, dtype=np.float64)
    np.testing.assert_allclose(scaled.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(scaled.std(0), 1, rtol=1e-12)
    assert scaler.transform(values).dtype == np.float32


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("how", ["standard", "minmax", "none"])
@pytest.mark.parametrize("seed", range(5))
def test_weights_are_repeats(how, seed):
    values = expression(40, 6, seed)
    repeats = np.random.default_rng(seed).integers(0, 4, size=40)
    weighted = GeneScaler.fit(values, how, repeats.astype(np.float64))
    repeated = GeneScaler.fit(np.repeat(values, repeats, axis=0), how)
    np.testing.assert_allclose(weighted.offset, repeated.offset, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(weighted.scale, repeated.scale, rtol=1e-12)


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("how", ["standard", "minmax", "none"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_inverse_is_the_identity(how, dtype, tolerance):
    values = expression(50, 6, dtype=dtype)
    values[:, 2] = 7.25
    scaler = GeneScaler.fit(values, how)
    back = scaler.inverse_transform(scaler.transform(values, dtype=dtype))
    assert back.dtype == dtype
    np.testing.assert_allclose(back, values, rtol=tolerance, atol=tolerance)
    np.testing.assert_array_equal(back[:, 2], values[:, 2])


def test_minmax_fills_the_unit_interval():
    scaled = GeneScaler.fit(values := expression(50, 6), "minmax").transform(values)
    assert scaled.min(0).tolist() == [0] * 6
    assert scaled.max(0).tolist() == [1] * 6


def test_none_leaves_the_values_alone():
    values = expression(20, 6, dtype=np.float32)
    np.testing.assert_array_equal(GeneScaler.fit(values, "none").transform(values), values)


@pytest.mark.parametrize("n", [1, 10, 1000, 30_000])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("how", ["standard", "minmax"])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_constant_gene_of_any_size_has_scale_zero(n, dtype, how, weighted):
    rng = np.random.default_rng(n)
    constants = (rng.normal(size=20) * 10.0 ** rng.uniform(-8, 12, 20)).astype(dtype)
    values = np.tile(constants, (n, 1))
    weight = None
    if weighted:
        values[0], weight = 5, np.r_[0.0, rng.uniform(0.1, 1, n)]  # what has no weight is not seen
        values = np.vstack([np.full(20, 5, dtype), np.tile(constants, (n, 1))])
    scaler = GeneScaler.fit(values, how, weight)
    assert scaler.constant.all()
    seen = values[-n:]
    assert not scaler.transform(seen).any()
    np.testing.assert_array_equal(scaler.inverse_transform(np.ones((n, 20), dtype)), seen)


@pytest.mark.parametrize("how", ["standard", "minmax", "none"])
def test_what_is_constant_is_told_from_the_data(how):
    values = expression(20, 6)
    values[:, 2] = 7.25
    values[1:, 4] = 3.5
    weight = np.r_[0.0, np.ones(19)]
    assert GeneScaler.fit(values, how).constant.tolist() == [False, False, True] + 3 * [False]
    weighted = GeneScaler.fit(values, how, weight).constant.tolist()
    assert weighted == [False, False, True, False, True, False]


@pytest.mark.parametrize("mean", [0, 1e3, 1e8])
def test_a_gene_that_varies_little_is_not_constant(mean):
    values = mean + np.random.default_rng(0).normal(scale=0.1, size=(10_000, 3))
    scaler = GeneScaler.fit(values, "standard")
    np.testing.assert_allclose(scaler.scale, 0.1, rtol=0.03)


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("how", ["standard", "minmax", "none"])
@pytest.mark.parametrize("n_together", [7, 64, 130, 257])
def test_a_file_has_the_statistics_of_an_array_and_is_read_once(how, n_together, monkeypatch):
    monkeypatch.setattr(rows, "BLOCK_BYTES", 40 * 4 * 6)
    values, chunks_read = expression(257, 6, dtype=np.float32), []

    class Table:
        shape, dtype, chunks = values.shape, values.dtype, (n_together, 6)

        def __getitem__(self, wanted):
            chunks_read.extend(range(wanted.start // n_together, -(-wanted.stop // n_together)))
            return values[wanted]

    weight = np.random.default_rng(0).random(257) * (np.arange(257) > 9)
    for weights in (None, weight):
        chunks_read.clear()
        there = GeneScaler.fit(Rows(Table()), how, weights)
        assert chunks_read == list(range(-(-257 // n_together)))
        here = GeneScaler.fit(values, how, weights)
        np.testing.assert_array_equal(there.offset, here.offset)
        np.testing.assert_array_equal(there.scale, here.scale)
