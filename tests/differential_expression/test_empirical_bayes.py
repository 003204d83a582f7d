"""The prior of the variances: a planted one comes back, one experiment or many at once."""

import numpy as np
import pytest
from scipy.special import polygamma

from sklearn_dgex.differential_expression._empirical_bayes import (
    inverse_trigamma,
    squeeze,
    variance_prior,
)


def drawn(rng, df, df_prior, prior, size):
    """Residual variances of genes whose own variances are those of the prior."""
    own = prior * df_prior / rng.chisquare(df_prior, size) if np.isfinite(df_prior) else prior
    return own * rng.chisquare(df, size) / df


@pytest.mark.parametrize(
    ("exponents", "relative"),
    [((-8, -6.01), 1e-6), ((-5.99, 6.99), 1e-13), ((7.01, 8), 1e-6)],  # ends: a series' first term
)
def test_inverse_trigamma_inverts_trigamma(exponents, relative):
    x = np.logspace(*exponents, 500)
    np.testing.assert_allclose(polygamma(1, inverse_trigamma(x)), x, rtol=relative)
    y = np.logspace(-3, 5, 500)
    np.testing.assert_allclose(inverse_trigamma(polygamma(1, y)), y, rtol=1e-9)


def test_inverse_trigamma_of_many_is_that_of_each():
    """However many steps the others need."""
    x = np.logspace(-8, 8, 33).reshape(3, 11)
    each = [[inverse_trigamma(value).item() for value in row] for row in x]
    np.testing.assert_allclose(inverse_trigamma(x), each, rtol=1e-14)


@pytest.mark.parametrize("df_prior", [1.5, 4.0, 20.0])
@pytest.mark.parametrize("prior", [1e-6, 0.04, 300.0])
@pytest.mark.parametrize("df", [2, 10, 58])
def test_a_planted_prior_comes_back(df_prior, prior, df):
    variance = drawn(np.random.default_rng(df), df, df_prior, prior, 100_000)
    found = variance_prior(variance, df)
    assert found[0] == pytest.approx(df_prior, rel=0.1)
    assert found[1] == pytest.approx(prior, rel=0.03)


def test_a_planted_prior_comes_back_from_genes_of_unequal_degrees_of_freedom():
    rng = np.random.default_rng(0)
    df = rng.integers(1, 12, 100_000)
    found = variance_prior(drawn(rng, df, 5.0, 0.2, len(df)), df)
    assert found[0] == pytest.approx(5.0, rel=0.05)
    assert found[1] == pytest.approx(0.2, rel=0.02)


def test_equal_variances_have_a_prior_without_bounds():
    variance = np.full(50, 0.3)
    assert variance_prior(variance, 6) == (np.inf, pytest.approx(0.3))
    unequal = np.array([0.1, 0.2, 0.3])
    assert variance_prior(unequal, 2) == (np.inf, pytest.approx(0.2))  # less apart than by chance
    # and with one variance for all genes, chance decides: half of the experiments each
    rng = np.random.default_rng(0)
    df_prior, _ = variance_prior(drawn(rng, 8, np.inf, 0.3, (400, 300)), 8)
    assert 0.4 < np.isinf(df_prior).mean() < 0.65
    assert np.median(df_prior) > 100


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_genes", [1, 2, 3, 70])
def test_many_experiments_at_once_are_each_by_itself(seed, n_genes):
    rng = np.random.default_rng(seed)
    variance = drawn(rng, 6, 4.0, 0.3, (2, 9, n_genes))
    variance[0, 0] = 0.0
    df_prior, prior = variance_prior(variance, 6)
    assert df_prior.shape == prior.shape == (2, 9)
    for place in np.ndindex(2, 9):
        alone = variance_prior(variance[place], 6)
        np.testing.assert_allclose([df_prior[place], prior[place]], alone, rtol=1e-12)
    squeezed = squeeze(variance, 6, df_prior[..., None], prior[..., None])
    for place in np.ndindex(2, 9):
        alone = squeeze(variance[place], 6, df_prior[place], prior[place])
        np.testing.assert_allclose(squeezed[place], alone, rtol=1e-14)


@pytest.mark.parametrize("scale", [1e-12, 1e9])
def test_the_prior_has_the_variances_unit(scale):
    variance = drawn(np.random.default_rng(1), 7, 3.0, 0.5, 500)
    df_prior, prior = variance_prior(variance, 7)
    other = variance_prior(scale * variance, 7)
    np.testing.assert_allclose(other, [df_prior, scale * prior], rtol=1e-9)


def test_variances_of_zero_are_lifted_to_a_share_of_the_median():
    variance = np.r_[0.0, 0.0, np.linspace(0.5, 1.5, 9)]
    lifted = np.maximum(variance, 1e-5 * np.median(variance))
    assert variance_prior(variance, 4) == variance_prior(lifted, 4)
    assert variance[0] == 0  # in a copy


def test_a_single_gene_has_no_prior():
    assert variance_prior(np.array([0.7]), 4) == (0, 0.7)
    assert squeeze(np.array([0.7]), 4, 0.0, 0.7) == 0.7


def test_squeezed_variances_lie_between_their_own_and_the_priors():
    rng = np.random.default_rng(2)
    variance = rng.gamma(2, size=200)
    for df_prior in [0.5, 4.0, 1e6]:
        squeezed = squeeze(variance, 10, df_prior, 1.7)
        weight = df_prior / (df_prior + 10)
        np.testing.assert_allclose(squeezed, (1 - weight) * variance + weight * 1.7)
    np.testing.assert_array_equal(squeeze(variance, 10, np.inf, 1.7), np.full(200, 1.7))
    untold = squeeze(np.array([0.0, 2.0]), np.array([0.0, 3.0]), 4.0, 1.7)  # no df: the prior's
    np.testing.assert_allclose(untold, [1.7, (4 * 1.7 + 6) / 7])
