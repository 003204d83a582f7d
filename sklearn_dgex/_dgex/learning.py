"""How a DGEXRegressor learns: validate, scale, build, train, report."""

from __future__ import annotations

from sklearn.utils import check_random_state

from sklearn_dgex._dgex import defaults
from sklearn_dgex._dgex.data import check_training_data
from sklearn_dgex._dgex.fitting import (
    epoch_net,
    report_held_out,
    report_training,
    resumed_module,
    scaled_profiles,
    start_module,
    training_net,
)
from sklearn_dgex._dgex.inference import GeneInference
from sklearn_dgex.utils._sklearn_private import fit_context
from sklearn_dgex.utils.state import unchanged_on_error


class GeneLearning(GeneInference):
    """Training of a net: the half of DGEXRegressor that learns."""

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Learn to infer targets from landmarks.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_landmarks)
            Landmark expression. A frame's gene names are kept, and later tables reordered to them.
        y : array-like of shape (n_samples, n_targets) or (n_samples,)
            Target expression, in any unit; predictions and errors are in the same.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample in the loss, the scaling and the validation error.

        Returns
        -------
        DGEXRegressor
            The fitted estimator itself.

        Raises
        ------
        GeneMismatchError
            If a gene name stands twice.
        ValueError
            If a parameter or the data are not what they must be.
        DivergedError
            If the training loss becomes NaN or infinite. As after every error, the estimator is
            then what it was before the call.

        Warns
        -----
        ConstantGeneWarning
            If genes do not vary in ``X`` or ``y``.
        InterruptedFitWarning
            If Ctrl-C stopped the fit, which then keeps the best weights seen.
        """
        with unchanged_on_error(self):
            resume = self.warm_start and hasattr(self, "net_")
            data = check_training_data(self, X, y, sample_weight, reset=not resume)
            rng = check_random_state(self.random_state)
            module = (resumed_module if resume else start_module)(self, data, rng)
            self.max_iter_ = defaults.resolve_max_iter(self.max_iter, len(data.X), self.batch_size_)
            profiles = scaled_profiles(self, data, module, self.validation_fraction, rng)
            net = training_net(self, module, len(data.X), rng, schedule=self.learning_rate)
            report_training(self, net.train(profiles, self.max_iter_))
            report_held_out(self, profiles)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one epoch on these samples, at the initial learning rate.

        The first call fixes genes, scaling and sizes by its samples; ``learning_rate_init`` and
        ``batch_size`` are read at each. Epochs count on after a ``fit``, in ``n_iter_`` and
        ``loss_curve_``. No samples are held out: the validation figures stay those of ``fit``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_landmarks)
            Landmark expression.
        y : array-like of shape (n_samples, n_targets) or (n_samples,)
            Target expression.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample in the loss.

        Returns
        -------
        DGEXRegressor
            The estimator itself.

        Raises
        ------
        GeneMismatchError, ValueError, DivergedError
            As :meth:`fit` does.
        """
        with unchanged_on_error(self):
            first = not hasattr(self, "net_")
            data = check_training_data(self, X, y, sample_weight, reset=first)
            rng = check_random_state(self.random_state)
            module = start_module(self, data, rng) if first else None
            profiles = scaled_profiles(self, data, module or self.net_.module_, 0.0, rng)
            self.net_ = epoch_net(self, module, len(data.X), rng)
            with self.net_.unchanged_on_error():
                report_training(self, self.net_.train(profiles, 1))
            if first:
                report_held_out(self, profiles)
        return self
