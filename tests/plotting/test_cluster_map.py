"""The cluster map shows every value once, in its cluster, under its name."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_blobs

from sklearn_dgex.plotting import ClusterMapDisplay, _display_cluster_map
from sklearn_dgex.plotting._axes import apart
from sklearn_dgex.plotting._display_cluster_map import similarity_order


@pytest.fixture
def planted():
    """Three clusters that peak early, in the middle and late, their genes mixed."""
    late_middle_early = [[0, 0, 0, 2, 4, 9], [0, 2, 4, 4, 2, 0], [9, 4, 2, 0, 0, 0]]
    X, y = make_blobs([12, 7, 5], centers=late_middle_early, cluster_std=0.3, random_state=0)
    genes = [f"g{i}" for i in range(24)]
    return pd.DataFrame(X, index=genes, columns=list("abcdef")), np.array(["L", "M", "E"])[y]


def test_clusters_stand_from_early_to_late_and_genes_in_their_cluster(planted):
    X, labels = planted
    display = ClusterMapDisplay.from_labels(X, labels)
    assert display.clusters == {"E": 5, "M": 7, "L": 12}
    assert sorted(display.order) == list(range(24))
    assert "".join(labels[display.order]) == "E" * 5 + "M" * 7 + "L" * 12
    np.testing.assert_array_equal(display.profiles, X.to_numpy()[display.order])
    assert [text.get_text() for text in display.cluster_ax_.texts] == [
        "E (5)",
        "M (7)",
        "L (12)",
        "cluster (genes)",
    ]


def test_the_heat_map_shows_each_value_where_it_says(planted):
    display = ClusterMapDisplay.from_labels(*planted)
    display.figure_.canvas.draw()
    columns = [text.get_text() for text in display.ax_.get_xticklabels()]
    rows = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert columns == list("abcdef")
    assert sorted(rows) == sorted(planted[0].index)
    for gene, y in zip(rows, display.ax_.get_yticks(), strict=True):
        (image,) = [im for im in display.heatmaps_ if im.get_extent()[3] < y < im.get_extent()[2]]
        _, _, bottom, top = image.get_extent()
        shown = image.get_array()
        row = shown[int((y - top) / (bottom - top) * len(shown))]
        middles = ((np.arange(6) + 0.5) / 6 * len(row)).astype(int)
        np.testing.assert_array_equal(row[middles], planted[0].loc[gene])


def test_the_order_of_clusters_and_classes_can_be_given(planted):
    X, labels = planted
    display = ClusterMapDisplay.from_labels(
        X, labels, cluster_order=["M", "none", "E", "L"], classes=labels, class_order=list("LEM")
    )
    assert list(display.clusters) == ["M", "E", "L"]  # the empty cluster takes no place
    assert [text.get_text() for text in display.legend_.get_texts()] == ["L", "E", "M"]
    patches = display.legend_.get_patches()
    colours = {name: patch.get_facecolor() for name, patch in zip("LEM", patches, strict=True)}
    shown = np.concatenate([image.get_array()[:, 0] for image in display.class_ax_.images])
    expected = [colours[name] for name in labels[display.order]]
    np.testing.assert_allclose(shown, expected)


def test_colours_rise_in_lightness_so_that_grey_prints_tell_as_much(planted):
    X, labels = planted
    display = ClusterMapDisplay.from_labels(X, labels, classes=labels)
    red_green_blue = display.heatmaps_[0].cmap(np.linspace(0, 1, 50))[:, :3]
    assert (np.diff(red_green_blue @ [0.2126, 0.7152, 0.0722]) > 0).all()
    classes = np.array([patch.get_facecolor()[:3] for patch in display.legend_.get_patches()])
    assert (np.diff(classes @ [0.2126, 0.7152, 0.0722]) > 0.1).all()


def test_zero_is_in_the_middle_where_values_have_both_signs(planted):
    X, labels = planted
    norm = ClusterMapDisplay.from_labels(X - X.mean(), labels).heatmaps_[0].norm
    assert norm(0.0) == 0.5
    display = ClusterMapDisplay.from_labels(X + 10, labels)
    assert display.heatmaps_[0].norm.vmin > 8
    assert display.colorbar_.extend == "both"
    display = ClusterMapDisplay.from_labels(X, labels, vmin=-19, vmax=19, label="log2 ratio")
    assert (display.heatmaps_[0].norm.vmin, display.heatmaps_[0].norm.vmax) == (-19, 19)
    assert display.colorbar_.extend == "neither"
    assert display.colorbar_.ax.get_ylabel() == "log2 ratio"


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (3, 1), (70, 90)])
def test_any_size_can_be_drawn(shape):
    X = np.zeros(shape)
    display = ClusterMapDisplay.from_labels(X, np.arange(shape[0]) % 2, ax=plt.figure().gca())
    display.figure_.canvas.draw()
    assert not display.ax_.get_xticks().size
    assert display.class_ax_ is display.legend_ is None


def test_names_are_thinned_where_they_would_overlap():
    frame = pd.DataFrame(np.zeros((61, 77)), columns=[f"c{i}" for i in range(77)])
    display = ClusterMapDisplay.from_labels(frame, [0] * 61)
    names = [text.get_text() for text in display.ax_.get_xticklabels()]
    assert names == [f"c{i}" for i in range(0, 77, 2)]
    assert not display.ax_.get_yticklabels()


def test_names_of_small_clusters_are_moved_apart_and_stay_inside():
    places = apart(np.array([1.0, 2.0, 3.0, 90.0, 99.0, 99.5]), 5.0, 100.0)
    assert (np.diff(places) >= 5.0).all()
    assert places[-1] <= 100.0
    np.testing.assert_array_equal(places[[0, 3]], [1.0, 87.5])


def test_many_genes_are_ordered_by_their_main_direction(monkeypatch):
    X = np.outer(np.random.default_rng(0).permutation(30), [3.0, 2.0, 1.0])
    for most in (2000, 10):
        monkeypatch.setattr(_display_cluster_map, "MOST_LEAVES", most)
        assert set(np.abs(np.diff(X[similarity_order(X), 0]))) == {3.0}


def test_mistakes_are_named(planted):
    X, labels = planted
    with pytest.raises(ValueError, match=r"cluster_order must .* Got 2 names, .* 1 left out"):
        ClusterMapDisplay.from_labels(X, labels, cluster_order=["L", "E"])
    with pytest.raises(ValueError, match=r"class_order must .* Got 4 names, 1 of them again"):
        ClusterMapDisplay.from_labels(X, labels, classes=labels, class_order=list("LLEM"))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ClusterMapDisplay.from_labels(X, labels[1:])
    with pytest.raises(ValueError, match="Got 24 NaN"):
        ClusterMapDisplay.from_labels(X.assign(a=np.nan), labels)


def test_missing_matplotlib_names_the_extra(planted, without_matplotlib):
    with without_matplotlib:
        ClusterMapDisplay.from_labels(*planted)
