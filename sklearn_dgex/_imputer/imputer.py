"""LandmarkImputer: its parameters, and its fit: choose landmarks, train a regressor on them."""

from __future__ import annotations

import os
from numbers import Integral, Real
from typing import Self

import numpy as np
import pandas as pd
from sklearn import get_config
from sklearn.base import clone
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from sklearn_dgex._dgex import DGEXRegressor
from sklearn_dgex._imputer.annotated import AnnotatedProfiles
from sklearn_dgex._imputer.completion import Completion
from sklearn_dgex._imputer.landmarks import landmark_positions
from sklearn_dgex.utils._sklearn_private import (
    Interval,
    StrOptions,
    check_sample_weight,
    fit_context,
)
from sklearn_dgex.utils.state import unchanged_on_error
from sklearn_dgex.utils.validation import check_profiles


class LandmarkImputer(Completion):
    """Complete landmark profiles: keep what was measured and infer all other genes.

    An assay such as L1000 measures some landmark genes and leaves the others to inference. This
    transformer learns the inference from whole profiles, and then makes whole profiles of landmark
    profiles, so that clustering, tests or classifiers can follow in a pipeline.

    Parameters
    ----------
    regressor : estimator, default=None
        Infers many targets at once, by ``fit`` and ``predict``; a clone of it is trained. None is
        :class:`DGEXRegressor` with its defaults. To search over its parameters, pass one:
        ``regressor__n_towers`` is then a name in the grid.
    landmarks : array-like of str or int, int or float, default=None
        Gene names, or positions of columns (or one truth value a column), in the order in which
        the regressor and arrays have them. A number of genes, or a share of them, is chosen from
        the training profiles by :class:`sklearn_dgex.preprocessing.LandmarkSelector`. None chooses
        a tenth, about the share that L1000 measures; two at least, and fewer than there are
        samples.
    missing_landmarks : {"error", "mean"}, default="error"
        What :meth:`transform` does about landmarks without a column, or NaN: refuse them, or fill
        them with their means in training. Filling costs accuracy, and :meth:`count_filled` says
        where it was done. It may be changed without a new fit.
    keep_measured : bool, default=False
        Whether :meth:`transform` keeps other genes that ``X`` holds, too, and infers only those
        missing or NaN. It may be changed without a new fit.

    Attributes
    ----------
    regressor_ : estimator
        The trained regressor.
    landmarks_, targets_ : ndarray of str or int
        Names of the landmarks and of the inferred genes; positions, where the fit saw no names.
    landmark_indices_, target_indices_ : ndarray of int
        Their positions among the genes of the fit.
    landmark_means_ : ndarray of shape (n_landmarks,)
        Mean of each landmark over the training samples, weighted as they are.
    per_gene_quality_ : DataFrame of shape (n_targets, 2)
        ``correlation`` and ``mae`` of each target over samples that the regressor held out, by
        gene. Only if it measures them, as DGEXRegressor does; samples held out from training still
        took part in a choice of landmarks.
    n_features_in_ : int
        Genes of the fit.
    feature_names_in_ : ndarray of str
        Their names, where ``X`` had any.

    See Also
    --------
    DGEXRegressor : The same inference from landmarks and targets as two tables.
    sklearn_dgex.baselines.LincsRegression : A linear regressor, in seconds.
    sklearn_dgex.preprocessing.LandmarkSelector : Choose landmarks by other rules.

    Notes
    -----
    Training profiles must be whole: to learn from guesses would flatter the figures.

    A step in front of this one in a pipeline is given the landmark profiles, too, and must take
    them. One that expects every gene of its fit, such as StandardScaler, can be given whole
    profiles in which the genes that were not measured are NaN.

    Further arguments of ``fit`` go to the regressor's: as they are, or where scikit-learn's
    metadata routing is enabled, as the regressor requests them.

    References
    ----------
    .. [1] Subramanian, A. et al. (2017). A next generation Connectivity Map: L1000 platform and the
       first 1,000,000 profiles. Cell 171, 1437-1452.
    .. [2] Chen, Y. et al. (2016). Gene expression inference with deep learning. Bioinformatics 32,
       1832-1839.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_dgex import LandmarkImputer
    >>> from sklearn_dgex.baselines import LincsRegression
    >>> from sklearn_dgex.datasets import make_expression
    >>> X, y = make_expression(120, n_landmarks=30, n_targets=50, as_frame=True, random_state=0)
    >>> whole = pd.concat([X, y], axis=1)
    >>> imputer = LandmarkImputer(LincsRegression(alpha="gcv"), landmarks=list(X))
    >>> imputer = imputer.set_output(transform="pandas").fit(whole[:100])
    >>> imputer.transform(X[100:]).shape  # from 30 genes
    (20, 80)
    >>> round(imputer.score(whole[100:]), 2)
    0.27
    >>> list(imputer.best_inferred_genes(whole[100:], random_state=0).index[:2])
    ['T0043', 'T0029']
    """

    _parameter_constraints: dict = {
        "regressor": "no_validation",  # _new_regressor says more
        "landmarks": [
            None,
            "array-like",
            str,  # these two only for landmark_positions to say what to do instead
            os.PathLike,
            Interval(Integral, 1, None, closed="left"),
            Interval(Real, 0, 1, closed="neither"),
        ],
        "missing_landmarks": [StrOptions({"error", "mean"})],
        "keep_measured": ["boolean"],
    }

    def __init__(
        self, regressor=None, landmarks=None, *, missing_landmarks="error", keep_measured=False
    ) -> None:
        self.regressor = regressor
        self.landmarks = landmarks
        self.missing_landmarks = missing_landmarks
        self.keep_measured = keep_measured

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, **fit_params) -> Self:
        """Choose landmarks where they are not given, and learn to infer the other genes from them.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, n_genes)
            Whole measured profiles. A frame's gene names are kept.
        y : None
            Ignored.
        **fit_params : dict
            For the regressor's ``fit``, such as ``sample_weight``.

        Returns
        -------
        LandmarkImputer
            The fitted estimator itself.

        Raises
        ------
        GeneMismatchError
            If a gene name stands twice, or named landmarks are missing; the message lists them.
        ValueError
            If a parameter or the data are not what they must be: a frame's genes must be named by
            strings, or only counted from 0. As after every error, the estimator is then what it was
            before the call.
        """
        with unchanged_on_error(self):
            X = check_profiles(self, X, reset=True, what="training")
            regressor, params = self._new_regressor(), self._routed(fit_params)
            names = getattr(self, "feature_names_in_", None)
            self.landmark_indices_ = landmark_positions(self.landmarks, X, names)
            landmarks, targets = X[:, self.landmark_indices_], X[:, self.target_indices_]
            if names is not None:
                landmarks = pd.DataFrame(landmarks, columns=self.landmarks_)
                targets = pd.DataFrame(targets, columns=self.targets_)
            self.regressor_ = regressor.fit(landmarks, targets, **params)
            landmarks = np.asarray(landmarks, dtype=np.float64)
            weight = check_sample_weight(params.get("sample_weight"), landmarks)
            self.landmark_means_ = np.average(landmarks, axis=0, weights=weight)
        return self

    def fit_anndata(self, adata, *, layer=None, gene_symbols=None, **fit_params) -> Self:
        """Fit on the whole profiles of annotated data.

        Parameters
        ----------
        adata : AnnData of shape (n_obs, n_vars)
            Whole measured profiles. A sparse matrix is made dense.
        layer : str, default=None
            Layer to read instead of ``adata.X``.
        gene_symbols : str, default=None
            Column of ``adata.var`` with the gene names; None takes ``adata.var_names``. A gene
            without a symbol keeps its name.
        **fit_params : dict
            For the regressor's ``fit``.

        Returns
        -------
        LandmarkImputer
            The fitted estimator itself.

        Raises
        ------
        GeneMismatchError, ValueError
            As :meth:`fit` does, or if a layer or column does not exist.
        """
        profiles = AnnotatedProfiles(adata, layer=layer, gene_symbols=gene_symbols)
        return self.fit(profiles.whole(), **fit_params)

    def get_metadata_routing(self) -> MetadataRouter:
        """Say which arguments of ``fit`` are handed on, for scikit-learn's metadata routing.

        Returns
        -------
        MetadataRouter
            With the regressor's requests.
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        return MetadataRouter(owner=self).add(
            regressor=self._new_regressor(), method_mapping=mapping
        )

    def _new_regressor(self):
        if self.regressor is None:
            return DGEXRegressor()
        methods = (getattr(self.regressor, name, None) for name in ("fit", "predict"))
        if isinstance(self.regressor, type) or not all(map(callable, methods)):
            raise ValueError(
                "The 'regressor' parameter of LandmarkImputer must be an estimator with fit and "
                f"predict, or None. Got {self.regressor!r} instead."
            )
        return clone(self.regressor)

    def _routed(self, fit_params: dict) -> dict:
        """Arguments for the regressor's fit."""
        if not get_config()["enable_metadata_routing"]:
            return fit_params
        return process_routing(self, "fit", **fit_params).regressor.fit
