"""What a fitted SDATransformer does: encode, decode, regenerate, sample and judge."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array, check_is_fitted

from sklearn_dgex._sda import summary
from sklearn_dgex._sda.data import as_targets, check_input, check_range
from sklearn_dgex._sda.defaults import OUTPUTS
from sklearn_dgex.training.autoencoder import reconstruction_loss
from sklearn_dgex.utils.annotations import ArrayOrFrame
from sklearn_dgex.utils.summary import FittedBox
from sklearn_dgex.utils.validation import FLOATS, overflow_refused

if TYPE_CHECKING:
    from sklearn_dgex.nn import StackedDenoisingAutoencoder


class Regeneration(FittedBox, OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Use of trained weights: the half of SDATransformer that does not learn."""

    @property
    def coefs_(self) -> list[np.ndarray]:
        """Matrices of the encoder, each of shape (n_lower, n_upper)."""
        check_is_fitted(self)
        return self.weights_.encoder

    @property
    def intercepts_(self) -> list[np.ndarray]:
        """Biases of the encoder, each of shape (n_upper,)."""
        check_is_fitted(self)
        return self.weights_.bias

    @property
    def module_(self) -> StackedDenoisingAutoencoder:
        """The network as a torch module, newly built on the CPU, for scaled profiles."""
        check_is_fitted(self)
        from sklearn_dgex._sda.modules import build_module  # holds torch

        return build_module(self.weights_, self.recipe_).eval()

    def transform(self, X) -> ArrayOrFrame:
        """Regenerate profiles, or encode them, as ``output`` says.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Profiles; the features of a frame may stand in any order.

        Returns
        -------
        ndarray or frame of shape (n_samples, n_features) or (n_samples, n_codes)
            As :meth:`regenerate` or :meth:`encode`.

        Raises
        ------
        GeneMismatchError
            If features are missing or unknown; the message lists them.
        ValueError
            If their number is another, a value is not finite, or ``output`` was set to another
            word since the fit.
        """
        return self.encode(X) if self._returns_codes() else self.regenerate(X)

    def encode(self, X) -> np.ndarray:
        """Encode profiles: compute the values of the last hidden layer.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Profiles.

        Returns
        -------
        ndarray of shape (n_samples, n_codes)
            Codes, float32 for float32 profiles and else float64.

        Raises
        ------
        GeneMismatchError
            If features are missing or unknown; the message lists them.
        ValueError
            If their number is another, or a value is not finite.
        """
        check_is_fitted(self)
        return self._encode(check_input(self, X, reset=False))

    def decode(self, codes) -> np.ndarray:
        """Decode codes into profiles.

        Parameters
        ----------
        codes : array-like of shape (n_samples, n_codes)
            Codes.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Profiles, in units of the training profiles.

        Raises
        ------
        ValueError
            If ``codes`` has another number of columns than the codes of the fit.
        """
        check_is_fitted(self)
        codes = check_array(codes, dtype=FLOATS, input_name="codes")
        n_codes = self.weights_.sizes[-1]
        if codes.shape[1] != n_codes:
            raise ValueError(
                f"The codes must have the {n_codes} columns that encode returns. Got "
                f"{codes.shape[1]} instead."
            )
        recipe = self.recipe_
        with overflow_refused():
            scaled = self.weights_.decode(codes, recipe.activation, recipe.output_activation)
        return self.scaler_.inverse_transform(np.array(scaled, dtype=codes.dtype))

    def inverse_transform(self, X) -> np.ndarray:
        """Decode codes as :meth:`decode` does, for ``output="code"`` in pipelines.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_codes)
            Codes.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Profiles, in units of the training profiles.

        Raises
        ------
        ValueError
            As :meth:`decode` does.
        """
        return self.decode(X)

    def regenerate(self, X) -> np.ndarray:
        """Restore profiles as the network knows them: encode, and decode again.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Profiles.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Regenerated profiles, in units of the training profiles.

        Raises
        ------
        GeneMismatchError, ValueError
            As :meth:`encode` does.
        """
        return self.decode(self.encode(X))

    def sample(self, n_samples=1, *, random_state=None, jitter=0.0) -> np.ndarray:
        """Draw new profiles: decode codes drawn from those of the training profiles.

        Parameters
        ----------
        n_samples : int, default=1
            Profiles to draw, with replacement.
        random_state : int, RandomState instance or None, default=None
            Source of the draws.
        jitter : float, default=0.0
            Standard deviation of normal noise on the codes, in standard deviations of each code
            over the training profiles. With 0 only regenerated training profiles are drawn: the
            paper's empirical distribution.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Profiles, in units of the training profiles.

        Raises
        ------
        ValueError
            If ``n_samples`` is no int of at least 1, or ``jitter`` is negative or not finite.

        References
        ----------
        Gupta et al. (2015), "Drawing parallels to generative models".
        """
        check_is_fitted(self)
        if not isinstance(n_samples, Integral) or n_samples < 1:
            raise ValueError(
                "The 'n_samples' parameter of sample must be an int in the range [1, inf). Got "
                f"{n_samples!r} instead."
            )
        if not isinstance(jitter, Real) or not 0 <= jitter < np.inf:
            raise ValueError(
                "The 'jitter' parameter of sample must be a float in the range [0, inf). Got "
                f"{jitter!r} instead."
            )
        rng = check_random_state(random_state)
        codes = self.codes_[rng.randint(len(self.codes_), size=n_samples)]
        if jitter:
            noise = rng.standard_normal(codes.shape).astype(codes.dtype)
            codes = codes + jitter * self.codes_.std(axis=0) * noise
        return self.decode(codes)

    def score_samples(self, X) -> np.ndarray:
        """Rate how well the network regenerates each profile: the negative of its loss.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Profiles, which are not corrupted.

        Returns
        -------
        ndarray of shape (n_samples,)
            Negative loss, summed over scaled features: higher is better. A cross-entropy counts
            values beyond the range of the training profiles as its ends.

        Raises
        ------
        GeneMismatchError, ValueError
            As :meth:`encode` does; ValueError also if values leave [0, 1] where a cross-entropy
            without scaling needs them in it.
        """
        check_is_fitted(self)
        X = check_input(self, X, reset=False)
        recipe = self.recipe_
        check_range(X, recipe.loss, self.scaling_)
        sums = self.weights_.output_sums(self._encode(X), recipe.activation)
        return -reconstruction_loss(sums, as_targets(self._scaled(X), recipe.loss), recipe)

    def score(self, X, y=None) -> float:
        """Average :meth:`score_samples`: higher is better, as a grid search wants it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Profiles.
        y : None
            Ignored.

        Returns
        -------
        float
            Mean negative loss a profile.

        Raises
        ------
        GeneMismatchError, ValueError
            As :meth:`score_samples` does.
        """
        return float(self.score_samples(X).mean())

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Name the output's columns.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the input features, if the fit saw none.

        Returns
        -------
        ndarray of str
            The input's names if profiles are regenerated; "sda0", "sda1" … for codes.
        """
        check_is_fitted(self)
        if self._returns_codes():
            return np.array([f"sda{i}" for i in range(self.weights_.sizes[-1])], dtype=object)
        return super().get_feature_names_out(input_features)

    def _returns_codes(self) -> bool:
        if self.output not in OUTPUTS:  # it may have been changed since the fit, which checks it
            raise ValueError(
                "The 'output' parameter of SDATransformer must be 'regenerated' or 'code'. Got "
                f"{self.output!r} instead."
            )
        return self.output == "code"

    def _summary(self) -> dict[str, str]:
        return summary.summary(self)

    def _caption(self) -> str:
        return summary.layers(self)

    def _scaled(self, X: np.ndarray) -> np.ndarray:
        return self.scaler_.transform(X, dtype=X.dtype)

    def _encode(self, X: np.ndarray) -> np.ndarray:
        with overflow_refused():
            return self.weights_.encode(self._scaled(X), self.recipe_.activation)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
