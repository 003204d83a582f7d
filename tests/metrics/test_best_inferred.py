"""Best-inferred genes: planted ones are found, noise is not, and chance is what it says."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control

from sklearn_dgex.exceptions import GeneMismatchError
from sklearn_dgex.metrics import best_inferred_genes, per_gene_correlation
from sklearn_dgex.metrics._best_inferred import _other_genes, _other_samples

NULLS = ["genes", "samples"]
every_null = pytest.mark.parametrize("null", NULLS)


def planted(seed, n_samples=60, n_genes=200, n_good=50):
    """Independent genes, of which the first are inferred with an r of 0.9 and the rest not."""
    rng = np.random.default_rng(seed)
    y_true = 7 + rng.normal(size=(n_samples, n_genes)) * rng.gamma(4, 0.25, n_genes)
    noise = rng.normal(size=y_true.shape)
    y_pred = noise.copy()
    good = (y_true - 7) / y_true.std(axis=0)
    y_pred[:, :n_good] = good[:, :n_good] + 0.5 * noise[:, :n_good]
    return y_true, y_pred


@every_null
@pytest.mark.parametrize("seed", range(5))
def test_planted_genes_are_found_and_noise_is_not(seed, null):
    result = best_inferred_genes(*planted(seed), null=null, random_state=seed)
    best = result["is_best_inferred"].to_numpy()
    assert best[:50].all()
    assert best[50:].mean() < 0.12
    assert (result["adjusted_p_value"][:50] < 0.05).all()
    assert (result["adjusted_p_value"][50:] < 0.05).mean() < 0.05
    assert (result["recall"][:50] > 0.99).all()


@every_null
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_of_nothing_but_noise_one_minus_level_passes(null, level):
    passed, called = [], []
    for seed in range(20):
        result = best_inferred_genes(
            *planted(seed, n_good=0), level=level, null=null, random_state=seed
        )
        passed.append(result["is_best_inferred"].mean())
        called.append((result["adjusted_p_value"] <= 0.05).any())
        assert abs(result["recall"].mean() - 0.5) < 0.08  # uniform
    deviation = np.sqrt(level * (1 - level) / (20 * 200))
    assert np.mean(passed) == pytest.approx(1 - level, abs=4 * deviation)
    assert np.sum(called) <= 4  # of 20, at a level of 0.05


def test_following_what_all_genes_follow_is_not_enough_for_genes():
    """One shared factor, and an inference that knows nothing else."""
    rng = np.random.default_rng(0)
    factor = rng.normal(size=(80, 1))
    y_true = factor + 0.7 * rng.normal(size=(80, 150))
    y_pred = factor + 0.3 * rng.normal(size=(80, 150))
    by_genes, by_samples = (
        best_inferred_genes(y_true, y_pred, null=null, random_state=0) for null in NULLS
    )
    assert by_samples["is_best_inferred"].all()
    assert by_genes["is_best_inferred"].mean() < 0.12
    assert by_genes.attrs["threshold"] > by_samples.attrs["threshold"] + 0.3
    np.testing.assert_array_equal(by_genes["correlation"], by_samples["correlation"])


@every_null
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("seed", range(3))
def test_recall_threshold_and_verdict_agree(seed, level, null):
    y_true, y_pred = planted(seed, n_samples=12, n_genes=30, n_good=5)
    result = best_inferred_genes(
        y_true, y_pred, level=level, null=null, n_permutations=3, random_state=seed
    )
    best = result["is_best_inferred"]
    assert 0 < best.sum() < 30
    np.testing.assert_array_equal(best, result["recall"] >= level)
    np.testing.assert_array_equal(best, result["correlation"] > result.attrs["threshold"])
    np.testing.assert_allclose(result["correlation"], per_gene_correlation(y_true, y_pred))
    ordered = result.sort_values("correlation")
    assert ordered["recall"].is_monotonic_increasing
    assert ordered["adjusted_p_value"].is_monotonic_decreasing


def test_recall_is_the_share_of_the_null_below():
    """With two genes, the only other gene is known: the null needs no draw."""
    rng = np.random.default_rng(1)
    y_true, y_pred = rng.normal(size=(2, 20, 2))
    result = best_inferred_genes(y_true, y_pred, n_permutations=3, random_state=0)
    chance = per_gene_correlation(y_true[:, ::-1], y_pred)
    recall = [np.mean(chance < r) for r in result["correlation"]]
    np.testing.assert_allclose(result["recall"], recall)
    p_value = [(3 * np.sum(chance >= r) + 1) / 7 for r in result["correlation"]]
    np.testing.assert_allclose(result["adjusted_p_value"], false_discovery_control(p_value))


@pytest.mark.parametrize("n_genes", [2, 3, 10])
def test_no_gene_meets_itself_and_every_other_alike(n_genes):
    rng = np.random.RandomState(0)
    true = np.arange(n_genes)[None].astype(float)
    drawn = np.vstack([_other_genes(true, rng) for _ in range(3000)])
    assert (drawn != true).all()
    assert (np.sort(drawn, axis=1) == true).all()
    met = [np.bincount(column.astype(int), minlength=n_genes) / 3000 for column in drawn.T]
    expected = (1 - np.eye(n_genes)) / (n_genes - 1)
    np.testing.assert_allclose(met, expected, atol=0.05)


def test_samples_are_shuffled_together():
    true = np.arange(12.0).reshape(4, 3)
    drawn = _other_samples(true, np.random.RandomState(1))
    assert sorted(map(tuple, drawn)) == sorted(map(tuple, true))
    assert not np.array_equal(drawn, true)


@every_null
def test_a_seed_repeats_and_others_do_not(null):
    pair = planted(3, n_good=0)
    first, same, other, generator = (
        best_inferred_genes(*pair, null=null, random_state=state)
        for state in [0, 0, 1, np.random.RandomState(0)]
    )
    pd.testing.assert_frame_equal(first, same)
    pd.testing.assert_frame_equal(first, generator)
    assert not first["recall"].equals(other["recall"])


def test_genes_keep_their_names_and_are_matched_by_them():
    values = planted(4, n_genes=30)
    genes = [f"G{i}" for i in range(30)]
    y_true, y_pred = (pd.DataFrame(y, columns=genes) for y in values)
    expected = best_inferred_genes(*values, random_state=0)
    assert expected.index.tolist() == list(range(30))
    copies = y_true.copy(), y_pred.copy()
    result = best_inferred_genes(y_true, y_pred[genes[::-1]], random_state=0)
    assert result.index.tolist() == genes
    assert result.index.name == "gene"
    np.testing.assert_array_equal(result, expected)
    pd.testing.assert_frame_equal(y_true, copies[0])
    pd.testing.assert_frame_equal(y_pred, copies[1])
    with pytest.raises(GeneMismatchError, match="y_pred genes must be the 30 of y_true"):
        best_inferred_genes(y_true, y_pred.rename(columns={"G3": "X"}))


@every_null
def test_an_inference_that_orders_no_samples_is_not_trusted(null):
    y_true, y_pred = planted(5)
    y_pred[:, 0] = 3.0
    result = best_inferred_genes(y_true, y_pred, null=null, random_state=0)
    assert result["correlation"][0] == 0
    assert not result["is_best_inferred"][0]
    assert np.isfinite(result["adjusted_p_value"]).all()
    constant = best_inferred_genes(y_true, np.ones_like(y_true), null=null, random_state=0)
    assert not constant["is_best_inferred"].any()


def test_one_gene_can_be_told_from_shuffled_samples_alone():
    rng = np.random.default_rng(6)
    y_true = rng.normal(size=40)
    y_pred = y_true + 0.1 * rng.normal(size=40)
    result = best_inferred_genes(y_true, y_pred, null="samples", n_permutations=99, random_state=0)
    assert result["is_best_inferred"].tolist() == [True]
    assert result["adjusted_p_value"].tolist() == [0.01]
    with pytest.raises(ValueError, match=r"and two genes to .* Got 40 samples and 1 genes instead"):
        best_inferred_genes(y_true, y_pred)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"level": 0}, "'level' parameter must be a number between 0 and 1. Got 0 instead"),
        ({"level": 95}, "Got 95 instead"),
        ({"null": "gene"}, r"'null' .* one of \['genes', 'samples'\]. Got 'gene' instead"),
        ({"n_permutations": 0}, "'n_permutations' .* int of at least 1. Got 0 instead"),
        ({"n_permutations": 2.0}, "Got 2.0 instead"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        best_inferred_genes(*planted(0), **parameters)


def test_bad_matrices():
    y_true, y_pred = planted(0)
    with pytest.raises(ValueError, match=r"at least three samples, .* Got 2 samples and 200 genes"):
        best_inferred_genes(y_true[:2], y_pred[:2])
    with pytest.raises(ValueError, match="must have the shape of y_true"):
        best_inferred_genes(y_true, y_pred[:, 1:])
    with pytest.raises(ValueError, match="y_pred must be finite"):
        best_inferred_genes(y_true, y_pred * np.nan)


@every_null
@pytest.mark.parametrize("seed", range(3))
def test_genes_without_variance_make_no_null(seed, null):
    """Four fifths of the answers are constant: of the rest, chance passes as rarely as ever."""
    rng = np.random.default_rng(seed)
    y_true, y_pred = rng.normal(size=(2, 40, 1000))
    y_pred[:, :800] = 3.0
    result = best_inferred_genes(y_true, y_pred, null=null, random_state=0)
    assert not result["is_best_inferred"][:800].any()
    assert (result["recall"][:800] == 0).all()
    assert (result["adjusted_p_value"][:800] == 1).all()
    assert result["is_best_inferred"][800:].mean() < 0.12
    assert result.attrs["threshold"] > 0.2
