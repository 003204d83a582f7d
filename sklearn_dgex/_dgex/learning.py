"""How a DGEXRegressor learns: validate, scale, build, train, report."""

from __future__ import annotations

from typing import Self

from sklearn.utils import check_random_state

from sklearn_dgex import training
from sklearn_dgex._dgex import defaults
from sklearn_dgex._dgex.alike import check_ranks_alike
from sklearn_dgex._dgex.checkpointing import open_checkpoints
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
    def fit(self, X, y, sample_weight=None) -> Self:
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
        CheckpointMismatchError
            If ``checkpoint_dir`` holds checkpoints of other data or parameters.
        CheckpointFileError
            If all checkpoints there are damaged.
        OSError
            If ``checkpoint_dir`` is no folder that can be written to.
        RankLostError
            If one of several processes that train together ended.

        Warns
        -----
        ConstantGeneWarning
            If genes do not vary in ``X`` or ``y``.
        InterruptedFitWarning
            If Ctrl-C stopped the fit, which then keeps the best weights seen.
        CheckpointWarning
            If a checkpoint can't be written, or a damaged one was passed over.
        """
        with unchanged_on_error(self), training.joined(self.distributed) as ranks:
            resume = self.warm_start and hasattr(self, "net_")
            rng = ranks.same_randomness(check_random_state(self.random_state))
            with ranks.in_step():
                training.check_callbacks(self.callbacks)
                data = check_training_data(self, X, y, sample_weight, reset=not resume)
                last = self.net_.module_ if resume else None
                checkpoints, rng = open_checkpoints(self, data, rng, last, ranks)
                module = (resumed_module if resume else start_module)(self, data, rng)
                n_samples = len(data.X)
                self.max_iter_ = defaults.resolve_max_iter(
                    self.max_iter, n_samples, self.batch_size_
                )
                profiles = scaled_profiles(self, data, module, self.validation_fraction, rng)
            check_ranks_alike(self, data, module, ranks, checkpoints)
            net = training_net(
                self, module, n_samples, rng, schedule=self.learning_rate, ranks=ranks
            )
            report_training(self, net.train(profiles, self.max_iter_, checkpoints))
            report_held_out(self, profiles)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None) -> Self:
        """Train for one epoch on these samples, at the initial learning rate.

        The first call fixes genes, scaling and sizes by its samples; ``learning_rate_init`` and
        ``batch_size`` are read at each. Epochs count on after a ``fit``, in ``n_iter_`` and
        ``loss_curve_``. No samples are held out: the validation figures stay those of ``fit``.
        No checkpoints are read or written.

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
        with unchanged_on_error(self), training.joined(self.distributed) as ranks:
            first = not hasattr(self, "net_")
            rng = ranks.same_randomness(check_random_state(self.random_state))
            with ranks.in_step():
                training.check_callbacks(self.callbacks)
                data = check_training_data(self, X, y, sample_weight, reset=first)
                module = start_module(self, data, rng) if first else None
                known = module or self.net_.module_
                profiles = scaled_profiles(self, data, known, 0.0, rng)
            check_ranks_alike(self, data, known, ranks)
            self.net_ = epoch_net(self, module, len(data.X), rng, ranks)
            with self.net_.unchanged_on_error():
                self.net_.set_params(lr=self.learning_rate_init, batch_size=self.batch_size_)
                report_training(self, self.net_.train(profiles, 1))
            if first:
                report_held_out(self, profiles)
        return self
