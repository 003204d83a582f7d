"""SDATransformer: its parameters, and its fit: validate, scale, train layer by layer."""

from __future__ import annotations

from typing import Self

import numpy as np
from sklearn.utils import check_random_state

from sklearn_dgex._sda import defaults
from sklearn_dgex._sda.constraints import PARAMETER_CONSTRAINTS
from sklearn_dgex._sda.data import as_targets, check_input, check_range
from sklearn_dgex._sda.fitting import check_same_network, start_network, train_stack
from sklearn_dgex._sda.regeneration import Regeneration
from sklearn_dgex.utils._sklearn_private import fit_context
from sklearn_dgex.utils.state import unchanged_on_error
from sklearn_dgex.utils.validation import check_callbacks


class SDATransformer(Regeneration):
    """Regenerate profiles, or encode them, by a stacked denoising autoencoder.

    The network learns to restore profiles from corrupted copies. It can't learn them by heart, for
    what it sees differs every time; what it keeps is what the profiles have in common. Regenerated
    profiles, or their codes, are then clustered by KMeans or SpectralClustering.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(10,)
        Units of each hidden layer, the code's last. Fewer than features, as the paper advises:
        wider layers may learn to copy.
    corruption_level : float in [0, 1) or sequence of float, default=0.1
        Probability that masking or salt and pepper replace an entry, or the standard deviation of
        Gaussian noise on the scaled values; one level, or one for each hidden layer, of which the
        first is the fine-tuning's, too. The paper has 0 to 0.2.
    noise : {"masking", "gaussian", "salt_and_pepper"}, default="masking"
        Set entries to zero, as the paper does; add normal noise; or set entries to the lowest or
        the highest value.
    activation : {"sigmoid", "tanh", "relu", "identity"}, default="sigmoid"
        Of all hidden layers.
    output_activation : {"auto", "sigmoid", "tanh", "relu", "identity"}, default="auto"
        Of the regenerated profile. "auto" is the sigmoid for cross-entropy, which takes no other,
        and the identity for the squared error.
    loss : {"cross_entropy", "squared_error"}, default="cross_entropy"
        Summed over features, averaged over a batch; the paper trains by cross-entropy.
    tied_weights : bool, default=True
        Whether the decoder has the encoder's matrices, transposed.
    output : {"regenerated", "code"}, default="regenerated"
        What :meth:`transform` returns. It may be changed without a new fit.
    scaling : {"feature", "joint", "none"}, default="feature"
        Map each feature, or all features together, from its range in training onto that of the
        output: [-1, 1] for tanh, else [0, 1]. It is undone in regenerated profiles. "joint" suits
        features of one kind, such as the times of a series.
    solver : {"sgd", "nadam"}, default="sgd"
        Stochastic gradient descent, as in the paper, or Adam with Nesterov momentum.
    learning_rate_init : float or "auto", default="auto"
        Constant rate. "auto" is 0.1 for SGD, one of the paper's two, and 0.002 for Nadam.
    momentum : float in [0, 1), default=0.0
        For ``solver="sgd"``; the paper has none.
    schedule_decay : float, default=4e-3
        Nadam's decay of its momentum schedule.
    batch_size : int or "auto", default="auto"
        Samples a step, over which an epoch's samples are spread evenly. "auto" is a hundredth of
        the samples, from the paper's 4 up to 200.
    max_iter : int or "auto", default="auto"
        Epochs a layer. "auto" is 800,000 by the number of samples, between 20 and the paper's
        2,000.
    finetune_max_iter : int or "auto", default="auto"
        Epochs in which the whole encoder and decoder are trained together, after all layers were
        trained one by one. "auto" is ``max_iter``, and 0 for one layer, which is the whole already.
    warm_start : bool, default=False
        Whether :meth:`fit` goes on from the weights and the scaling of the last one, and counts its
        losses and epochs on.
    engine : {"auto", "kernel", "torch"}, default="auto"
        "kernel" is compiled code for small networks on the CPU, which needs numba; "torch" trains
        any network anywhere. Both do the same steps from the same random numbers. "auto" takes the
        kernel below eight million weights times samples of a batch, where it is faster (measured:
        docs/engines.md), unless ``device`` names CUDA or there are ``callbacks``.
    device : str, default="auto"
        Where torch trains: "cpu", "cuda" or "cuda:N"; "auto" takes a CUDA GPU where there is one.
    callbacks : list of skorch callbacks, default=None
        Called in each training with torch. One that stops it, such as EarlyStopping, ends this
        layer's; the next one follows.
    random_state : int, RandomState instance or None, default=None
        Source of initial weights, order and noise. None is numpy's global generator, as in
        scikit-learn; else no global generator is read or moved.
    verbose : int, default=0
        1 shows a progress line a layer on terminals and in notebooks; 2 prints a plain line at
        each tenth, anywhere.

    Attributes
    ----------
    weights_ : AutoencoderWeights
        The trained matrices and biases, as float32 arrays.
    recipe_ : Recipe
        The activations, loss, noise and solver that they were trained by.
    coefs_, intercepts_ : list of ndarray
        The encoder's matrices and biases.
    module_ : StackedDenoisingAutoencoder
        The network as a torch module, for scaled profiles.
    codes_ : ndarray of shape (n_samples, n_codes)
        Codes of the last training profiles, from which :meth:`sample` draws.
    scaler_ : GeneScaler
        Offset and scale of each feature.
    scaling_ : {"feature", "joint", "none"}
        How they were found.
    loss_curve_ : list of list of float
        Mean training loss of each epoch, layer by layer.
    finetune_loss_curve_ : list of float
        That of the fine-tuning.
    n_iter_ : int
        Epochs run, of all layers and the fine-tuning.
    batch_size_, max_iter_ : int
        What the parameters came to.
    engine_ : {"kernel", "torch"}
        The engine that trained last.
    n_features_in_ : int
        Features.
    feature_names_in_ : ndarray of str
        Their names, where ``X`` had any.

    See Also
    --------
    sklearn_dgex.nn.StackedDenoisingAutoencoder : The network, for torch users.
    sklearn_dgex.model_selection : Scorers and a splitter to search clusterings with.

    Notes
    -----
    A layer computes the code ``y = f(x' W + b)`` of a corrupted input ``x'`` and regenerates ``z =
    g(y W^T + c)`` (equations 1 and 2 of [1]_), or with a matrix of its own if weights are not tied.
    Its loss against the clean ``x`` (equations 3 to 5) is minimised. The next layer learns from the
    codes of clean inputs. docs/departures.md collects where this settles what the paper leaves
    open.

    Masked entries are zero on the scaled values: a feature's lowest value, or with tanh its middle.

    References
    ----------
    .. [1] Gupta, A., Wang, H. & Ganapathiraju, M. (2015). Learning structure in gene expression
       data using deep architectures, with an application to gene clustering. IEEE BIBM.
    .. [2] Vincent, P. et al. (2010). Stacked denoising autoencoders. JMLR 11, 3371-3408.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_dgex import SDATransformer
    >>> from sklearn_dgex.datasets import make_expression
    >>> X, _ = make_expression(200, n_landmarks=30, n_targets=1, random_state=0)
    >>> sda = SDATransformer(5, max_iter=20, output="code", random_state=0)
    >>> sda.fit_transform(X).shape
    (200, 5)
    >>> labels = make_pipeline(sda, KMeans(3, n_init=10, random_state=0)).fit_predict(X)
    """

    _parameter_constraints: dict = PARAMETER_CONSTRAINTS

    def __init__(
        self,
        hidden_layer_sizes=(10,),
        *,
        corruption_level=0.1,
        noise="masking",
        activation="sigmoid",
        output_activation="auto",
        loss="cross_entropy",
        tied_weights=True,
        output="regenerated",
        scaling="feature",
        solver="sgd",
        learning_rate_init="auto",
        momentum=0.0,
        schedule_decay=4e-3,
        batch_size="auto",
        max_iter="auto",
        finetune_max_iter="auto",
        warm_start=False,
        engine="auto",
        device="auto",
        callbacks=None,
        random_state=None,
        verbose=0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.corruption_level = corruption_level
        self.noise = noise
        self.activation = activation
        self.output_activation = output_activation
        self.loss = loss
        self.tied_weights = tied_weights
        self.output = output
        self.scaling = scaling
        self.solver = solver
        self.learning_rate_init = learning_rate_init
        self.momentum = momentum
        self.schedule_decay = schedule_decay
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.finetune_max_iter = finetune_max_iter
        self.warm_start = warm_start
        self.engine = engine
        self.device = device
        self.callbacks = callbacks
        self.random_state = random_state
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None) -> Self:
        """Learn to restore profiles from corrupted copies.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Profiles. To cluster genes, the genes are the samples.
        y : None
            Ignored.

        Returns
        -------
        SDATransformer
            The estimator itself.

        Raises
        ------
        ValueError
            If values or parameters are not what they must be; the estimator is as it was before.
        DivergedError
            If the loss is no longer finite; the estimator is as it was before.

        Warns
        -----
        OvercompleteWarning
            If a hidden layer has more units than the level below it.
        SlowEngineWarning
            If numba is missing and a small network has to be trained by torch.
        InterruptedFitWarning
            If Ctrl-C stopped it; the estimator then holds the weights as they were.
        """
        with unchanged_on_error(self):
            resumed = self.warm_start and hasattr(self, "weights_")
            self._learn(X, reset=not resumed, most_epochs=np.inf)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None) -> Self:
        """Train every layer, and a stack's fine-tuning, for one epoch on these profiles.

        The first call fixes features and scaling by its profiles. Each call starts with fresh
        moments of the solver; random numbers, losses and epochs go on from the last call.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Profiles.
        y : None
            Ignored.

        Returns
        -------
        SDATransformer
            The estimator itself.

        Raises
        ------
        GeneMismatchError, ValueError, DivergedError
            As :meth:`fit` does.
        """
        with unchanged_on_error(self):
            self._learn(X, reset=not hasattr(self, "weights_"), most_epochs=1)
        return self

    def _learn(self, X, *, reset: bool, most_epochs: float) -> None:
        check_callbacks(self)
        X = check_input(self, X, reset=reset)
        rng = check_random_state(self.random_state)
        if reset:
            start_network(self, X, rng)
        else:
            check_same_network(self)
            # An int alone would corrupt the same entries in each call: they'd be learnt by heart.
            rng = np.random.RandomState([rng.randint(2**31), self.n_iter_])
        check_range(X, self.loss, self.scaling_)
        self.batch_size_ = defaults.resolve_batch_size(self.batch_size, len(X))
        self.max_iter_ = defaults.resolve_max_iter(self.max_iter, len(X))
        n_finetune_epochs = defaults.resolve_finetune_max_iter(
            self.finetune_max_iter, self.max_iter_, n_layers=len(self.loss_curve_)
        )
        train_stack(
            self,
            as_targets(self.scaler_.transform(X), self.loss),
            n_epochs=min(self.max_iter_, most_epochs),
            n_finetune_epochs=min(n_finetune_epochs, most_epochs),
            rng=rng,
        )
        self.n_iter_ = sum(map(len, self.loss_curve_)) + len(self.finetune_loss_curve_)
        self.codes_ = self._encode(X)
