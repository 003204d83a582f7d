"""Profiles as a heat map, gene by gene, grouped by cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from sklearn.utils.validation import check_array, check_consistent_length

from sklearn_dgex.plotting._axes import apart, get_axes
from sklearn_dgex.utils.genes import gene_names, listed
from sklearn_dgex.utils.validation import check_finite_profiles

EXPRESSION_LABEL = "expression"
CLASS_LABEL = "known class"
# Its lightness rises all along, so it reads in grey, and its middle has no hue: blue below zero,
# grey at zero, yellow above. The usual diverging maps print both ends alike.
PROFILE_COLOURS = "cividis"
CLASS_COLOURS = "magma"  # lightness tells classes apart, too, and no hue of the profiles returns
CLUSTER_GREYS = ("0.45", "0.72")  # a cluster is known by its place and its name
MOST_LEAVES = 2000  # ordering them takes about a second, and grows with their square
MOST_GENE_NAMES, MOST_CONDITION_NAMES = 60, 40
LEAST_POINTS = 600  # of an image, along each side
EXTEND = {
    (False, False): "neither",
    (True, False): "min",
    (False, True): "max",
    (True, True): "both",
}
# Shares of the heat map's height and width
GAP, LINE, STRIP, STRIP_GAP = 0.008, 0.032, 0.022, 0.008


class ClusterMapDisplay:
    """Heat map of profiles, one row a gene, grouped by cluster.

    Use :meth:`from_labels` to create one. Clusters stand apart, with their names and sizes at the
    left; within a cluster the genes are ordered by hierarchical clustering. Known classes, if
    given, make a strip of colours beside it.

    Parameters
    ----------
    profiles : ndarray of shape (n_genes, n_conditions)
        Values, rows from top to bottom.
    clusters : dict of object to int
        Number of genes of each cluster, from top to bottom.
    order : ndarray of int, of shape (n_genes,)
        Which of the rows given stands where.
    genes, conditions : ndarray of str, default=None
        Names of the rows and columns.
    classes : ndarray of shape (n_genes,), default=None
        Known class of each row.
    class_order : list, default=None
        All classes, in the order of the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Of the heat map.
    figure_ : matplotlib Figure
    heatmaps_ : list of matplotlib AxesImage
        One a cluster.
    colorbar_ : matplotlib Colorbar
    cluster_ax_ : matplotlib Axes
        Of the strip of clusters.
    class_ax_ : matplotlib Axes or None
        Of the strip of classes.
    legend_ : matplotlib Legend or None
        Of the classes.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn_dgex.plotting import ClusterMapDisplay
    >>> X, y = make_blobs([30, 20, 10], n_features=8, random_state=0)
    >>> labels = KMeans(3, random_state=0).fit_predict(X)
    >>> display = ClusterMapDisplay.from_labels(X, labels, classes=y, label="log2 ratio")
    >>> sorted(display.clusters.values())
    [10, 20, 30]
    """

    def __init__(
        self,
        *,
        profiles,
        clusters,
        order,
        genes=None,
        conditions=None,
        classes=None,
        class_order=None,
    ) -> None:
        self.profiles = profiles
        self.clusters = clusters
        self.order = order
        self.genes = genes
        self.conditions = conditions
        self.classes = classes
        self.class_order = class_order

    @classmethod
    def from_labels(
        cls, X, labels, *, classes=None, cluster_order=None, class_order=None, **kwargs
    ) -> Self:
        """Draw profiles by the labels that a clusterer gave them.

        Parameters
        ----------
        X : array-like or frame of shape (n_genes, n_conditions)
            Profiles, one row a gene. Columns are drawn in the order given.
        labels : array-like of shape (n_genes,)
            Cluster of each gene.
        classes : array-like of shape (n_genes,), default=None
            Known class of each gene, to compare with.
        cluster_order : sequence, default=None
            All clusters, from top to bottom. None puts similar ones beside each other, from
            those that peak in the first columns to those that peak in the last.
        class_order : sequence, default=None
            All classes, in the order of the legend. None sorts them.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        ClusterMapDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If lengths differ, a value is not finite, or an order leaves something out.
        ImportError
            If matplotlib is not installed.

        Notes
        -----
        Genes are ordered by average linkage of Euclidean distances, with neighbouring leaves as
        close as can be. In clusters of more than 2,000 genes this would take long, so they are
        ordered by their first principal component.
        """
        conditions = gene_names(X)
        genes = X.index if hasattr(X, "columns") and hasattr(X, "index") else None
        X = check_array(X, dtype=np.float64, ensure_all_finite=False, input_name="X")
        check_finite_profiles(X, conditions, what="input", noun="condition")
        labels = np.asarray(labels)
        classes = None if classes is None else np.asarray(classes)
        check_consistent_length(X, labels, classes)
        if cluster_order is None:
            names = np.unique(labels)
            means = np.array([X[labels == name].mean(axis=0) for name in names])
            cluster_order = names[similarity_order(means)]
        names = _complete(cluster_order, labels, "cluster_order")
        members = {name: np.flatnonzero(labels == name) for name in names}
        members = {name: rows for name, rows in members.items() if len(rows)}
        order = np.concatenate([rows[similarity_order(X[rows])] for rows in members.values()])
        if classes is not None:
            class_order = np.unique(classes) if class_order is None else class_order
            class_order = _complete(class_order, classes, "class_order")
        return cls(
            profiles=X[order],
            clusters={name: len(rows) for name, rows in members.items()},
            order=order,
            genes=None if genes is None else np.asarray(genes)[order],
            conditions=conditions,
            classes=None if classes is None else classes[order],
            class_order=class_order,
        ).plot(**kwargs)

    def plot(
        self,
        *,
        ax=None,
        label=EXPRESSION_LABEL,
        class_label=CLASS_LABEL,
        cmap=PROFILE_COLOURS,
        vmin=None,
        vmax=None,
    ) -> Self:
        """Draw the display.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure. The strips stand at its left, inside a layout
            that makes room, such as ``layout="constrained"``.
        label : str, default="expression"
            Label of the colour bar: the quantity and its unit.
        class_label : str, default="known class"
            Title of the legend.
        cmap : str or matplotlib Colormap, default="cividis"
            Colours of the profiles. The default reads in grey and by the colour-blind.
        vmin, vmax : float, default=None
            Values from which on the colours are those of the ends. None leaves 2 % of the values
            beyond, so that a few don't bleach all others, and gives values of both signs equal
            ends, so that zero is in the middle.

        Returns
        -------
        ClusterMapDisplay
            This display.
        """
        self.ax_ = ax = get_axes(ax, figsize=(7.2, 6.0))
        self.figure_ = ax.figure
        spans = self._spans()
        self._draw_profiles(spans, cmap=cmap, norm=self._norm(vmin, vmax))
        self._name_rows_and_columns(spans)
        norm, values = self.heatmaps_[0].norm, self.profiles
        beyond = (bool(values.min() < norm.vmin), bool(values.max() > norm.vmax))
        self.colorbar_ = self.figure_.colorbar(
            self.heatmaps_[0], ax=ax, extend=EXTEND[beyond], shrink=0.5, aspect=25, pad=0.02
        )
        self.colorbar_.set_label(label, fontsize="small")
        self.colorbar_.ax.tick_params(labelsize="small")
        self.colorbar_.outline.set_visible(False)
        left = -STRIP_GAP
        self.class_ax_ = self.legend_ = None
        if self.classes is not None:
            left -= STRIP
            self._draw_classes(spans, left, class_label)
            left -= STRIP_GAP / 2
        self._draw_clusters(spans, left - STRIP)
        return self

    def _spans(self) -> list[tuple[slice, float, float]]:
        """Rows of each cluster, and its top and bottom on an axis that counts genes and gaps."""
        gap, top, first, spans = GAP * len(self.profiles), 0.0, 0, []
        for size in self.clusters.values():
            spans.append((slice(first, first + size), top, top + size))
            first, top = first + size, top + size + gap
        return spans

    def _norm(self, vmin, vmax):
        """Colours of values: ends that 98 % keep, alike on both sides of zero if both have any."""
        from matplotlib.colors import Normalize

        low, high = np.quantile(self.profiles, [0.01, 0.99])
        if self.profiles.min() < 0 < self.profiles.max():
            high = np.quantile(np.abs(self.profiles), 0.98)
            low = -high
        return Normalize(low if vmin is None else vmin, high if vmax is None else vmax)

    def _draw_profiles(self, spans, **style) -> None:
        # matplotlib smooths wherever an image has more rows than pixels, and it does so across
        # columns as well. Repeated values keep their borders sharp all the same.
        n_genes, n = self.profiles.shape
        fine = np.repeat(self.profiles, -(-LEAST_POINTS // n), axis=1)
        n_repeats = -(-LEAST_POINTS // n_genes)
        self.heatmaps_ = [
            self.ax_.imshow(
                np.repeat(fine[rows], n_repeats, axis=0),
                extent=(-0.5, n - 0.5, bottom, top),
                aspect="auto",
                **style,
            )
            for rows, top, bottom in spans
        ]
        self.ax_.set(xlim=(-0.5, n - 0.5), ylim=(spans[-1][2], 0))
        self.ax_.spines[:].set_visible(False)

    def _name_rows_and_columns(self, spans) -> None:
        ax, (n_genes, n) = self.ax_, self.profiles.shape
        ax.set(xticks=[], yticks=[])
        if self.conditions is not None:
            step = -(-n // MOST_CONDITION_NAMES)
            ax.set_xticks(range(0, n, step), self.conditions[::step], rotation=90)
        if self.genes is not None and n_genes <= MOST_GENE_NAMES:
            tops = [top + i for rows, top, _ in spans for i in range(rows.stop - rows.start)]
            ax.set_yticks(np.array(tops) + 0.5, self.genes)
            ax.yaxis.tick_right()
        ax.tick_params(length=0, labelsize="x-small")

    def _strip(self, left):
        """Return narrow axes beside the heat map, with its rows."""
        strip = self.ax_.inset_axes((left, 0, STRIP, 1), sharey=self.ax_)
        strip.spines[:].set_visible(False)
        strip.tick_params(length=0, labelleft=False, labelright=False)
        strip.set(xlim=(0, 1), xticks=[])
        return strip

    def _draw_classes(self, spans, left, class_label) -> None:
        from matplotlib import colormaps
        from matplotlib.patches import Patch

        self.class_ax_ = self._strip(left)
        shades = colormaps[CLASS_COLOURS](np.linspace(0.1, 0.92, len(self.class_order)))
        number = {name: i for i, name in enumerate(self.class_order)}
        colours = shades[[number[name] for name in self.classes.tolist()]]
        for rows, top, bottom in spans:
            self.class_ax_.imshow(
                colours[rows][:, None],
                extent=(0, 1, bottom, top),
                interpolation="nearest",
                aspect="auto",
            )
        names = [str(name) for name in self.class_order]
        longest = max(map(len, names))
        self.legend_ = self.ax_.legend(
            handles=[Patch(color=c, label=name) for c, name in zip(shades, names, strict=True)],
            title=class_label,
            loc="lower left",
            bbox_to_anchor=(left, 1.0),
            ncols=max(1, 80 // (longest + 6)),
            alignment="left",
            frameon=False,
            borderpad=0,
            borderaxespad=0.6,
            fontsize="small",
            title_fontsize="small",
            handlelength=1.0,
            handleheight=1.0,
            columnspacing=1.4,
        )

    def _draw_clusters(self, spans, left) -> None:
        self.cluster_ax_ = strip = self._strip(left)
        height = spans[-1][2]
        middles = [(top + bottom) / 2 for _, top, bottom in spans]
        places = apart(np.array(middles), LINE * height, height)
        for i, ((name, size), place) in enumerate(zip(self.clusters.items(), places, strict=True)):
            _, top, bottom = spans[i]
            strip.axhspan(top, bottom, color=CLUSTER_GREYS[i % 2], lw=0)
            strip.text(-0.4, place, f"{name} ({size:,})", ha="right", va="center", fontsize="small")
        strip.annotate(
            "cluster (genes)",
            (-0.4, 1.0),
            xycoords="axes fraction",
            xytext=(0, 7),
            textcoords="offset points",
            ha="right",
            fontsize="small",
        )


def similarity_order(X) -> np.ndarray:
    """Order rows so that similar ones are neighbours.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Rows.

    Returns
    -------
    ndarray of int, of shape (n,)
        Positions. Of the two directions, that in which the rows' peaks move from the first columns
        to the last: of a series in time, the early rows come first.
    """
    if len(X) > MOST_LEAVES:
        centred = X - X.mean(axis=0)
        _, directions = np.linalg.eigh(centred.T @ centred)
        order = np.argsort(centred @ directions[:, -1], kind="stable")
    elif len(X) > 2:
        order = leaves_list(linkage(X, "average", optimal_ordering=True))
    else:
        order = np.arange(len(X))
    peaks = np.argmax(X[order], axis=1)
    places = np.arange(len(X)) - (len(X) - 1) / 2
    return order[::-1] if places @ peaks < 0 else order


def _complete(order: Sequence, values: np.ndarray, what: str) -> list:
    """Return the order as a list, after checking that it holds every value, and once."""
    order = np.asarray(order).tolist()
    left_out = sorted(set(values.tolist()) - set(order), key=str)
    if left_out or len(set(order)) < len(order):
        repeated = len(order) - len(set(order))
        raise ValueError(
            f"The {what} must name each of the labels once. Got {len(order)} names, {repeated} of "
            f"them again and {len(left_out)} left out ({listed(left_out)})."
        )
    return order
