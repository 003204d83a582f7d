"""Two clusters stand for phenotypes: planted ones are found, and the most distinct of several."""

import numpy as np
import pytest

from sklearn_dgex.differential_expression._clusters import distinct_clusters


def blobs(seed, sizes, centers, n_genes=30):
    rng = np.random.default_rng(seed)
    directions = np.linalg.qr(rng.normal(size=(n_genes, len(sizes))))[0].T
    label = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    middle = np.asarray(centers, float)[:, None] * directions
    return rng.normal(size=(len(label), n_genes)) + middle[label], label


@pytest.mark.parametrize("seed", range(10))
def test_two_planted_clusters_are_found_the_larger_first(seed):
    profiles, label = blobs(seed, [35, 27], [15, -15])
    larger, smaller = distinct_clusters(profiles, 27)
    np.testing.assert_array_equal(larger, np.flatnonzero(label == 0))
    np.testing.assert_array_equal(smaller, np.flatnonzero(label == 1))


@pytest.mark.parametrize("seed", range(10))
def test_a_whole_cluster_is_preferred_to_its_parts(seed):
    """However small a cluster may be: parts of two would lie still farther apart."""
    profiles, label = blobs(seed, [35, 27], [15, -15])
    larger, smaller = distinct_clusters(profiles, 5)
    np.testing.assert_array_equal(larger, np.flatnonzero(label == 0))
    np.testing.assert_array_equal(smaller, np.flatnonzero(label == 1))


@pytest.mark.parametrize("seed", range(10))
def test_of_several_the_pair_farthest_apart_is_taken(seed):
    """Five clusters on axes of their own: the two farthest from the middle."""
    profiles, label = blobs(seed, [20, 25, 30, 24, 22], [15, 40, 15, 15, 40])
    found = distinct_clusters(profiles, 15)
    assert {tuple(set(label[rows])) for rows in found} == {(1,), (4,)}


@pytest.mark.parametrize("seed", range(5))
def test_small_clusters_are_passed_over_however_distinct(seed):
    profiles, label = blobs(seed, [30, 30, 6], [15, 20, 100])
    found = distinct_clusters(profiles, 15)
    assert sorted(min(set(label[rows])) for rows in found) == [0, 1]
    assert all(len(rows) >= 15 for rows in found)
    assert any(6 in map(len, distinct_clusters(profiles, least)) for least in (5, 6))


@pytest.mark.parametrize("seed", range(5))
def test_clusters_do_not_overlap_and_are_large_enough(seed):
    profiles = np.random.default_rng(seed).normal(size=(60, 8))
    first, second = distinct_clusters(profiles, 8)
    assert not set(first) & set(second)
    assert len(first) >= len(second) >= 8


def test_no_two_large_clusters_are_refused():
    profiles, _ = blobs(0, [50, 4], [0, 100])
    message = r"at least 20 samples each, half the largest of sample_sizes. Got none among 54 samp"
    with pytest.raises(ValueError, match=message):
        distinct_clusters(profiles[:54], 20)
    with pytest.raises(ValueError, match="lower sample_sizes, or pass the groups as clusters"):
        distinct_clusters(profiles[:3], 2)
