"""What a fitted LandmarkImputer does: complete profiles, count gaps, and say what to trust."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted

from sklearn_dgex._imputer import summary
from sklearn_dgex._imputer.annotated import add_inferred
from sklearn_dgex._imputer.measurements import (
    Measurements,
    landmark_values,
    measured_targets,
    whole_landmarks,
    whole_targets,
)
from sklearn_dgex._imputer.trust import best_by_quality, best_by_test
from sklearn_dgex.utils.annotations import ArrayOrFrame
from sklearn_dgex.utils.summary import FittedBox


class Completion(FittedBox, OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Use of a trained regressor: the half of LandmarkImputer that does not learn."""

    @property
    def landmarks_(self) -> np.ndarray:
        """Names of the landmarks, or their positions where the fit saw no names."""
        check_is_fitted(self)
        return self._genes()[self.landmark_indices_]

    @property
    def targets_(self) -> np.ndarray:
        """Names of the inferred genes, or their positions where the fit saw no names."""
        check_is_fitted(self)
        return self._genes()[self.target_indices_]

    @property
    def target_indices_(self) -> np.ndarray:
        """Positions of the inferred genes among those of the fit."""
        check_is_fitted(self)
        return np.delete(np.arange(self.n_features_in_), self.landmark_indices_)

    @property
    def per_gene_quality_(self) -> pd.DataFrame:
        """How well each target was inferred in samples held out from training."""
        check_is_fitted(self)
        last = summary.inferring_step(self.regressor_)
        quality = getattr(last, "per_gene_quality_", None)
        if quality is None:
            raise AttributeError(
                f"{type(last).__name__} holds no samples out in its fit, so there is no "
                "per_gene_quality_; use DGEXRegressor, or best_inferred_genes with profiles that "
                "were not in the fit."
            )
        return quality.set_axis(pd.Index(self.targets_, name="gene"))

    def transform(self, X) -> ArrayOrFrame:
        """Complete profiles: landmarks as they were measured, all other genes inferred.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, n_landmarks) or (n_samples, n_genes)
            Landmark profiles. A frame may hold its genes in any order, and other genes beside the
            landmarks. An array has the landmarks alone, in the order of ``landmarks_``, or all
            genes of the fit.

        Returns
        -------
        ndarray or frame of shape (n_samples, n_genes)
            Whole profiles, with the genes in the order of the fit; float32 for float32 landmarks,
            else float64.

        Raises
        ------
        GeneMismatchError
            If landmarks are missing and may not be filled, or all are; the message lists them.
        ValueError
            If values are missing or infinite, an array has another number of columns, or column
            names are no strings.

        Warns
        -----
        UserWarning
            If only one of ``X`` and the profiles of the fit had gene names.
        UnknownGenesWarning
            If a frame holds genes that the fit did not see; they are ignored.
        FilledLandmarksWarning
            If missing landmarks were filled.

        Notes
        -----
        Other measured genes in ``X`` are not looked at unless ``keep_measured`` is set. So whole
        profiles come out of ``fit_transform`` as landmark profiles will come out of ``transform``:
        what follows in a pipeline learns from inferred values, as it will meet them.
        """
        check_is_fitted(self)
        measurements = Measurements(self, X)
        landmarks = whole_landmarks(self, measurements)
        targets = self._inferred(landmarks)
        if self.keep_measured:
            measured = measured_targets(self, measurements)
            targets = np.where(np.isnan(measured), targets, measured)
        whole = np.concatenate([landmarks, targets], axis=1, dtype=landmarks.dtype)
        order = np.argsort(np.concatenate([self.landmark_indices_, self.target_indices_]))
        in_order = np.array_equal(order, np.arange(len(order)))
        return whole if in_order else np.take(whole, order, axis=1)

    def infer(self, X) -> pd.DataFrame:
        """Infer the targets alone, as a table that keeps the names of samples and genes.

        Parameters
        ----------
        X : array-like or frame
            As in :meth:`transform`; ``keep_measured`` makes no difference.

        Returns
        -------
        DataFrame of shape (n_samples, n_targets)
            The index is that of ``X``, the columns are ``targets_``.
        """
        check_is_fitted(self)
        inferred = self._inferred(whole_landmarks(self, Measurements(self, X)))
        return pd.DataFrame(inferred, index=_sample_names(X), columns=self.targets_, copy=False)

    def count_filled(self, X) -> ArrayOrFrame:
        """Count the landmarks of each sample that are missing, and would be filled.

        Parameters
        ----------
        X : array-like or frame
            As in :meth:`transform`.

        Returns
        -------
        Series or ndarray of shape (n_samples,)
            Landmarks without a column, or NaN; a series for a pandas frame.
        """
        check_is_fitted(self)
        values = landmark_values(self, Measurements(self, X, warn=False))
        count = np.isnan(values).sum(axis=1)
        samples = _sample_names(X)
        return count if samples is None else pd.Series(count, index=samples, name="n_filled")

    def best_inferred_genes(
        self,
        X=None,
        *,
        min_correlation=0.5,
        level=0.95,
        null="genes",
        n_permutations=20,
        random_state=None,
    ) -> pd.DataFrame:
        """Name the genes whose inference can be trusted, the best first.

        With profiles that were not in the fit, this is the test of
        :func:`sklearn_dgex.metrics.best_inferred_genes`. Without, it is a plain threshold on the
        correlations of ``per_gene_quality_``.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, n_genes), default=None
            Whole measured profiles that were not in the fit.
        min_correlation : float in [-1, 1], default=0.5
            Without ``X``: the lowest Pearson correlation of a trusted gene. At 0.5 a quarter of
            the gene's variance is explained.
        level : float in (0, 1), default=0.95
            With ``X``: share of the null that a trusted gene's correlation exceeds.
        null : {"genes", "samples"}, default="genes"
            With ``X``: what chance is.
        n_permutations : int, default=20
            With ``X``: permutations of the null.
        random_state : int, RandomState instance or None, default=None
            With ``X``: source of the permutations.

        Returns
        -------
        DataFrame
            The trusted genes alone, sorted by ``correlation``, with the columns of
            :func:`sklearn_dgex.metrics.best_inferred_genes` or of ``per_gene_quality_``.

        Raises
        ------
        AttributeError
            Without ``X``, if the regressor has no ``per_gene_quality_``.
        ValueError
            If it held no samples out, or as :func:`sklearn_dgex.metrics.best_inferred_genes` does.
        """
        check_is_fitted(self)
        if X is None:
            return best_by_quality(self.per_gene_quality_, min_correlation)
        measured, inferred = self._measured_and_inferred(X)
        genes = self.targets_
        return best_by_test(
            pd.DataFrame(measured, columns=genes),
            pd.DataFrame(inferred, columns=genes),
            level=level,
            null=null,
            n_permutations=n_permutations,
            random_state=random_state,
        )

    def score(self, X, y=None) -> float:
        """Coefficient of determination of the inferred genes, as a regressor's score is.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, n_genes)
            Whole measured profiles; only their landmarks are inferred from.
        y : None
            Ignored.

        Returns
        -------
        float
            R², averaged over the targets: higher is better, and 1 is best.
        """
        check_is_fitted(self)
        return float(r2_score(*self._measured_and_inferred(X)))

    def transform_anndata(
        self, adata, *, layer=None, gene_symbols=None, key_added="inferred", copy=False
    ) -> Any:
        """Infer the targets of annotated data, and put them beside it.

        Parameters
        ----------
        adata : AnnData of shape (n_obs, n_vars)
            Landmark expression; other genes are not looked at.
        layer : str, default=None
            Layer to read instead of ``adata.X``.
        gene_symbols : str, default=None
            Column of ``adata.var`` with the gene names; None takes ``adata.var_names``. A gene
            without a symbol keeps its name.
        key_added : str, default="inferred"
            Where the result goes.
        copy : bool, default=False
            Whether to return a changed copy instead of changing ``adata``.

        Returns
        -------
        AnnData or None
            None, unless ``copy``. These fields are set:

            ``adata.obsm[key_added]`` : DataFrame of shape (n_obs, n_targets)
                Inferred expression.
            ``adata.uns[key_added]`` : dict
                ``landmarks`` that it was inferred from, and ``params`` of the call.
            ``adata.obs[key_added + "_n_filled"]`` : Series
                Landmarks that were filled, with ``missing_landmarks="mean"``.

        Raises
        ------
        ValueError
            If the model knows no gene names, a layer or column does not exist, or as
            :meth:`transform` does; ``adata`` is then as it was before.
        """
        check_is_fitted(self)
        adata = adata.copy() if copy else adata
        add_inferred(self, adata, layer=layer, gene_symbols=gene_symbols, key=key_added)
        return adata if copy else None

    def _summary(self) -> dict[str, str]:
        return summary.summary(self)

    def _caption(self) -> str:
        return summary.genes(self)

    def _parts(self) -> dict[str, BaseEstimator]:
        return {} if self.regressor is None else {"regressor": self.regressor_}

    def _genes(self) -> np.ndarray:
        return getattr(self, "feature_names_in_", np.arange(self.n_features_in_))

    def _inferred(self, landmarks: np.ndarray) -> np.ndarray:
        """Targets of landmarks that have no gaps, in their precision."""
        X = landmarks
        if hasattr(self, "feature_names_in_"):
            X = pd.DataFrame(landmarks, columns=self.landmarks_)
        inferred = np.asarray(self.regressor_.predict(X), dtype=landmarks.dtype)
        return inferred.reshape(len(landmarks), -1)

    def _measured_and_inferred(self, X) -> tuple[np.ndarray, np.ndarray]:
        measurements = Measurements(self, X)
        measured = whole_targets(self, measurements)
        return measured, self._inferred(whole_landmarks(self, measurements))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _sample_names(X) -> pd.Index | None:
    return X.index if hasattr(X, "iloc") else None  # a list has an index, too: a method
