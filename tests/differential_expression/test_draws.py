"""Many draws at once call the genes that moderated_t calls, one draw at a time."""

import numpy as np
import pytest
from scipy import stats

from sklearn_dgex.differential_expression import moderated_t
from sklearn_dgex.differential_expression._draws import (
    GroupProfiles,
    benjamini_hochberg,
    called_genes,
    draw_members,
)


@pytest.mark.parametrize(("n_samples", "n"), [(2, 2), (7, 1), (7, 3), (40, 39), (40, 40)])
def test_a_draw_takes_n_different_samples(n_samples, n):
    members = draw_members(np.random.default_rng(0), 200, n_samples, n)
    assert members.shape == (200, n_samples)
    assert set(np.unique(members)) <= {0.0, 1.0}
    assert (members.sum(axis=1) == n).all()


def test_every_set_of_samples_is_drawn_alike():
    members = draw_members(np.random.default_rng(1), 60_000, 6, 3)
    _, counts = np.unique(members, axis=0, return_counts=True)
    assert len(counts) == 20  # of 6 choose 3
    assert stats.chisquare(counts).pvalue > 0.01


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_means_and_sums_of_squares_are_those_of_the_samples_drawn(offset):
    rng = np.random.default_rng(2)
    profiles = (offset + rng.normal(size=(15, 9))).astype(np.float32)
    group = GroupProfiles.of(profiles)
    members = draw_members(rng, 12, 15, 4)
    mean, squares = group.drawn(members, 4)
    for drawn, m, s in zip(members.astype(bool), mean, squares, strict=True):
        chosen = profiles[drawn].astype(np.float64)
        np.testing.assert_allclose(m + group.mean, chosen.mean(axis=0), rtol=1e-13)
        np.testing.assert_allclose(s, 4 * chosen.var(axis=0), rtol=1e-9)


def random_profiles(seed, effect):
    """Two groups of unequal size and shape, genes of their own variances."""
    rng = np.random.default_rng(seed)
    n_genes = rng.integers(20, 120)
    deviation = np.sqrt(3 / rng.chisquare(3, n_genes))
    change = effect * rng.normal(size=n_genes) * (rng.random(n_genes) < 0.4)
    a, b = (rng.normal(size=(size, n_genes)) * deviation + 5 for size in rng.integers(12, 30, 2))
    return rng, a, b + change


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.3])
@pytest.mark.parametrize("n", [2, 3, 6, 12])
@pytest.mark.parametrize("effect", [0.0, 1.0, 3.0])
def test_called_genes_are_those_of_moderated_t(n, effect, alpha):
    n_called = []
    for seed in range(3):
        rng, a, b = random_profiles(seed, effect)
        members = tuple(draw_members(rng, 8, len(profiles), n) for profiles in (a, b))
        called = called_genes(GroupProfiles.of(a), GroupProfiles.of(b), members, n, alpha)
        for drawn_a, drawn_b, genes in zip(*members, called, strict=True):
            drawn = np.vstack([a[drawn_a == 1], b[drawn_b == 1]])
            result = moderated_t(drawn, np.repeat([0, 1], n))
            np.testing.assert_array_equal(genes, result["adjusted_p_value"] <= alpha)
        n_called += called.sum(axis=1).tolist()
    if effect == 3.0 and n >= 6:
        assert min(n_called) > 0
    if effect == 0.0 and alpha == 0.01:
        assert 0 in n_called


def test_a_draw_in_which_every_gene_differs_calls_all():
    rng, a, b = random_profiles(0, 1.0)
    b += 100.0
    members = tuple(draw_members(rng, 5, len(profiles), 6) for profiles in (a, b))
    assert called_genes(GroupProfiles.of(a), GroupProfiles.of(b), members, 6, 0.05).all()
    same = GroupProfiles.of(a)
    members = (members[0], members[0])
    assert not called_genes(same, same, members, 6, 0.05).any()


@pytest.mark.parametrize(("n_genes", "n"), [(40, 5), (3, 2)])
def test_a_prior_without_bounds_has_all_genes_degrees_of_freedom(n_genes, n):
    """In some draws and not in others; of few genes, these are far from infinite."""
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(2, 20, n_genes))
    b[:, : n_genes // 2] += 1.5
    members = tuple(draw_members(rng, 300, 20, n) for _ in "ab")
    called = called_genes(GroupProfiles.of(a), GroupProfiles.of(b), members, n, 0.1)
    priors = []
    for drawn_a, drawn_b, genes in zip(*members, called, strict=True):
        drawn = np.vstack([a[drawn_a == 1], b[drawn_b == 1]])
        result = moderated_t(drawn, np.repeat([0, 1], n))
        np.testing.assert_array_equal(genes, result["adjusted_p_value"] <= 0.1)
        priors.append(result.attrs["df_prior"])
    assert 0 < np.isinf(priors).sum() < 300


@pytest.mark.parametrize("alpha", [0.001, 0.05, 0.4])
@pytest.mark.parametrize("seed", range(10))
def test_thresholds_by_counting_are_benjamini_hochbergs(seed, alpha):
    """Draws with no calls, with all, and in between; each with degrees of freedom of its own."""
    rng = np.random.default_rng(seed)
    df = np.r_[10.0, 10.0, rng.uniform(1, 100, 16), 1e6, 1e9]
    size = np.r_[0.0, 1e6, rng.uniform(0.5, 6, 18)]
    t = np.abs(rng.normal(size=(20, 70))) * size[:, None]
    called = benjamini_hochberg(t, df, alpha)
    for row, freedom, genes in zip(t, df, called, strict=True):
        p_values = 2 * stats.t.sf(row, freedom)
        np.testing.assert_array_equal(genes, stats.false_discovery_control(p_values) <= alpha)
    assert not called[0].any()
    assert called[1].all()


def test_a_gene_without_a_statistic_is_not_called():
    t = np.array([[np.nan, 50.0, 60.0]])
    assert benjamini_hochberg(t, np.array([10.0]), 0.05).tolist() == [[False, True, True]]
