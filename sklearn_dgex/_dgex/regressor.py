"""DGEXRegressor: its parameters and what they mean."""

from __future__ import annotations

from typing import Self

from sklearn_dgex._dgex.constraints import PARAMETER_CONSTRAINTS
from sklearn_dgex._dgex.learning import GeneLearning
from sklearn_dgex._dgex.presets import preset_parameters


class DGEXRegressor(GeneLearning):
    """Infer the expression of target genes from that of landmark genes by deep networks.

    The whole D-GEX family in one estimator: dense networks, towers and checkerboards, with or
    without skip connections, with adaptive (TAAF) or fixed activations. The defaults are for a few
    hundred to a hundred thousand samples on a laptop or a GPU, without tuning; :meth:`from_paper`
    gives the published networks instead. Inputs and targets are standardised inside, by statistics
    of the training samples alone, so no scaler is needed in front.

    Parameters
    ----------
    width : int or "auto", default="auto"
        Neurons in each hidden layer of the network with a *single* tower. More towers share its
        parameter budget, each one narrower, so that a search over ``n_towers`` compares networks of
        equal size, as the paper does. "auto" is 20 √n_samples, between 100 and 3,000; beyond 100
        it stays below the number of all genes. Measured, as all defaults are: docs/defaults.md.
    n_towers : int, default=5
        Towers side by side; 5 is the paper's best (Table 2) and 1 the dense network.
    architecture : {"checkerboard", "tower"}, default="checkerboard"
        Whether towers exchange folds of their layers, or meet only before the output layer.
    n_hidden_layers : int, default=3
        Hidden layers in each tower; the paper has three.
    n_folds : int, default=2
        Folds of a layer in the checkerboard; the paper has halves.
    reconnection : {"neighbour", "spread"} or sequence of int, default="neighbour"
        Which towers a checkerboard layer joins: the neighbour in every other layer (the paper's),
        or ever farther ones, so that after log(n_towers) layers all have heard all. A sequence
        gives the stride in towers of each layer after the first.
    tower_width : int, default=None
        Neurons in each hidden layer of each tower, set outright; overrides ``width``.
    skip_connection : bool, default=True
        Add the first hidden layer's output to the second's (TR-, CR-D-GEX).
    activation : {"sigmoid", "tanh", "relu", "silu", "gelu", "identity"} or callable, \
            default="sigmoid"
        Base activation of the hidden layers.
    taaf : bool, default=True
        Whether each neuron learns scale and translation of its activation, or has a bias alone.
    output_activation : {"sigmoid", "tanh", "relu", "silu", "gelu", "identity"} or callable, \
            default="identity"
        Base activation of the output layer. Standardised targets lie out of a sigmoid's reach.
    dropout : float or sequence of float, default=0.1
        Rate after the hidden layers, or one rate for each. The paper's 0.25 is for 88,000 samples
        and 600 epochs; averaged members and mixup leave less for it to do.
    first_layer_dropout : float, default=None
        Rate after the first hidden layer, ignored where ``dropout`` is a sequence; None is the
        papers' rule: none in a checkerboard, ``dropout`` in a tower.
    input_dropout : float, default=0.2
        Rate on the landmarks, against learning small data by heart.
    linear_path : float or "auto", default="auto"
        Gain of a slowly learning linear path beside the towers; 0 is none, as in the papers. "auto"
        is 170 / n_samples, between 0.25 and 1. The budget of ``width`` is the towers' alone.
    mixup : float, default=0.4
        Blend the samples of a batch in pairs, by shares from Beta(mixup, mixup); 0 turns it off.
    n_networks : int, default=1
        Networks that the targets are split between; the paper has 2, to fit its GPUs.
    n_members : int or "auto", default="auto"
        Networks that differ by their seed and held-out samples alone, averaged; one more dimension
        of the same matrix products. "auto" is 8 up to 2,000 samples and falls to 1 above 8,000:
        averaging is the strongest lever on small data and the dearest on large.
    loss : {"absolute_error", "squared_error", "huber", "summed_squared_error"}, \
            default="absolute_error"
        On scaled targets. The absolute error is what the MMAE measures;
        "summed_squared_error" is the original D-GEX's.
    solver : {"nadam", "sgd"}, default="nadam"
        Optimiser; Nadam is the paper's.
    learning_rate : {"cosine", "step", "constant"}, default="cosine"
        Course of the rate over ``max_iter`` epochs: a short warm-up and half a cosine, the paper's
        steps at the same fractions of the epochs, or none.
    learning_rate_init : float, default=4e-3
        Initial (highest) rate. Deep sigmoids start slowly: the paper's 5e-4 needs many more steps
        than small data have.
    momentum : float, default=0.9
        For ``solver="sgd"``; the original D-GEX had 0.5.
    schedule_decay : float, default=4e-3
        Nadam's decay of its momentum schedule; the paper's and Keras' value.
    batch_size : int or "auto", default="auto"
        Samples a step; "auto" is a tenth of them, between 32 and 200.
    shuffle_buffer : int or "auto", default="auto"
        Samples that are shuffled together where profiles are learnt from as they are read, and the
        most that all members together hold out. "auto" does so with memory maps and arrays of HDF5,
        zarr, dask and GCTX files beyond 1 GB, 400 MB of samples together, and loads all else. With
        an int, arrays in memory are learnt from in the same order, to equal results.
    max_iter : int or "auto", default="auto"
        Epochs; "auto" makes 1,600 steps, in 40 to 400 epochs.
    early_stopping : bool, default=True
        Whether to stop after ``n_iter_no_change`` epochs without a lower validation MMAE and keep
        the best epoch's weights. Without it, all epochs are run and the last weights kept.
    validation_fraction : float in [0, 1), default=0.1
        Share of the samples that each member does not learn from, another one for each. Replicates
        may fall on both sides, which flatters the figures taken there. With 0 there is no early
        stopping and no quality figure.
    n_iter_no_change : int or "auto", default="auto"
        Patience of ``early_stopping`` in epochs; "auto" is a quarter of ``max_iter``, 10 at least.
    tol : float, default=0.0
        Share by which an epoch must undercut the best MMAE to count as a change.
    target_scaling : {"standard", "minmax", "none"}, default="standard"
        Scaling of the targets inside; undone in predictions.
    warm_start : bool, default=False
        Whether :meth:`fit` goes on from the weights of the last one, whose sizes, dropout and
        scaling stay. On the same samples an int ``random_state`` holds the same ones out again.
    device : str, default="auto"
        "cpu", "cuda" or "cuda:N"; "auto" takes a CUDA GPU where there is one.
    distributed : {"auto", "ddp", "fsdp"} or None, default="auto"
        Whether several processes train one network together, each on its part of every batch.
        "auto" does so where torchrun started them, by "ddp"; "fsdp" also shards weights and
        moments, for networks too large for one device; None fits in each process by itself, as
        searches want it that share fits out: docs/several_processes.md.
    precision : {"auto", "float32", "tf32", "bfloat16"}, default="auto"
        Arithmetic of the matrix products in training; weights are float32 throughout. "auto" is
        tf32 on CUDA; on CPUs bfloat16 for networks that gain by it, if the processor has
        instructions for it, else float32. CPUs infer in float32, and float64 profiles in float64.
    compile : bool, default=False
        Whether to run the network through ``torch.compile``; the first step waits for it.
    callbacks : list of skorch callbacks, default=None
        Called in training as skorch does; the history has "train_loss", "valid_loss",
        "valid_mmae", "learning_rate" and "dur" of each epoch. Checkpoints don't hold their state.
    checkpoint_dir : str or path-like, default=None
        Folder for checkpoints, one fit's alone. A fit that was ended, by whatever, and is called
        again goes on from the last one; the result is bit for bit that of a fit that was never
        ended (on a CPU). A finished fit is read back at once. docs/checkpoints.md has the details.
    checkpoint_every : int or str, default="1 min"
        Epochs, or a time such as "30 s" or "2 h", between checkpoints: what is lost at most. Times
        are stretched where writing would take more than 5 % of the fit; a minute seldom needs it.
    checkpoint_keep : int, default=2
        Checkpoints that are kept, each up to four times the size of the network. If the newest
        turns out to be damaged, the one before serves.
    random_state : int, RandomState instance or None, default=None
        Source of initial weights, held-out samples, order, dropout and mixup. None is numpy's
        global generator; torch's is neither read nor moved.
    verbose : int, default=0
        1 shows one progress line with the time left and the MMAE, on a terminal or in a notebook
        only; 2 prints a plain line at each tenth of the fit, anywhere.

    Attributes
    ----------
    net_ : ProfileNet
        The trained skorch net; ``net_.module_`` is the torch network.
    networks_ : list of TowerNetwork
        The networks between which the targets are split.
    n_towers_, tower_width_, n_members_, batch_size_, max_iter_ : int
        What the parameters came to.
    n_parameters_, n_neurons_ : int
        Learned numbers and neurons of one member, all its networks together.
    loss_curve_ : list of float
        Training loss of each epoch.
    validation_scores_ : list of float or None
        MMAE of the held-out samples after each epoch, in units of ``y``: lower is better.
    best_validation_score_ : float or None
        The lowest of them.
    per_gene_quality_ : DataFrame of shape (n_targets, 2)
        ``correlation`` (Pearson's r) and ``mae`` (in units of ``y``) of each target over held-out
        samples, each inferred by members that did not learn from it; NaN if none were held out.
    n_iter_ : int
        Epochs run.
    n_features_in_, n_outputs_ : int
        Landmarks and targets.
    feature_names_in_, target_names_in_ : ndarray of str
        Gene names, where ``X``, ``y`` had any.
    feature_scaler_, target_scaler_ : GeneScaler
        Offset and scale of each gene.

    See Also
    --------
    sklearn_dgex.nn.TowerNetwork : The network, for torch users.
    sklearn_dgex.nn.sizing : Its size in plain integers.

    Notes
    -----
    Each neuron computes ``alpha * f(beta * z + gamma) + delta`` (equation 1 of [1]_) from its
    weighted sum ``z``. The error that is reported is the MMAE (equation 2): the mean over samples
    of the mean over genes of the absolute error. The documentation collects where the defaults
    depart from the paper (docs/departures.md) and what each is worth (docs/defaults.md).

    Pickles hold weights, settings and history on the CPU, and open on any machine; the optimiser's
    state stays behind, so a ``partial_fit`` after loading starts with fresh moments.

    References
    ----------
    .. [1] Kunc, V. & Kléma, J. (2020). On tower and checkerboard neural network architectures for
       gene expression inference. BMC Genomics 21, 454.
    .. [2] Chen, Y. et al. (2016). Gene expression inference with deep learning. Bioinformatics 32.

    Examples
    --------
    >>> from sklearn_dgex import DGEXRegressor
    >>> from sklearn_dgex.datasets import make_expression
    >>> X, y = make_expression(200, n_landmarks=30, n_targets=50, as_frame=True, random_state=0)
    >>> model = DGEXRegressor(n_towers=3, max_iter=5, n_members=2, random_state=0).fit(X, y)
    >>> model.infer(X.head(2)).shape
    (2, 50)
    >>> list(model.per_gene_quality_)
    ['correlation', 'mae']
    """

    _parameter_constraints: dict = PARAMETER_CONSTRAINTS

    def __init__(
        self,
        width="auto",
        n_towers=5,
        *,
        architecture="checkerboard",
        n_hidden_layers=3,
        n_folds=2,
        reconnection="neighbour",
        tower_width=None,
        skip_connection=True,
        activation="sigmoid",
        taaf=True,
        output_activation="identity",
        dropout=0.1,
        first_layer_dropout=None,
        input_dropout=0.2,
        linear_path="auto",
        mixup=0.4,
        n_networks=1,
        n_members="auto",
        loss="absolute_error",
        solver="nadam",
        learning_rate="cosine",
        learning_rate_init=4e-3,
        momentum=0.9,
        schedule_decay=4e-3,
        batch_size="auto",
        shuffle_buffer="auto",
        max_iter="auto",
        early_stopping=True,
        validation_fraction=0.1,
        n_iter_no_change="auto",
        tol=0.0,
        target_scaling="standard",
        warm_start=False,
        device="auto",
        distributed="auto",
        precision="auto",
        compile=False,
        callbacks=None,
        checkpoint_dir=None,
        checkpoint_every="1 min",
        checkpoint_keep=2,
        random_state=None,
        verbose=0,
    ) -> None:
        self.width = width
        self.n_towers = n_towers
        self.architecture = architecture
        self.n_hidden_layers = n_hidden_layers
        self.n_folds = n_folds
        self.reconnection = reconnection
        self.tower_width = tower_width
        self.skip_connection = skip_connection
        self.activation = activation
        self.taaf = taaf
        self.output_activation = output_activation
        self.dropout = dropout
        self.first_layer_dropout = first_layer_dropout
        self.input_dropout = input_dropout
        self.linear_path = linear_path
        self.mixup = mixup
        self.n_networks = n_networks
        self.n_members = n_members
        self.loss = loss
        self.solver = solver
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.momentum = momentum
        self.schedule_decay = schedule_decay
        self.batch_size = batch_size
        self.shuffle_buffer = shuffle_buffer
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.target_scaling = target_scaling
        self.warm_start = warm_start
        self.device = device
        self.distributed = distributed
        self.precision = precision
        self.compile = compile
        self.callbacks = callbacks
        self.checkpoint_dir = checkpoint_dir
        self.checkpoint_every = checkpoint_every
        self.checkpoint_keep = checkpoint_keep
        self.random_state = random_state
        self.verbose = verbose

    @classmethod
    def from_paper(cls, name, *, n_towers=None, **parameters) -> Self:
        """Make one of the six published networks, with the paper's own settings.

        Parameters
        ----------
        name : {"D-GEX", "D-GEX-TAAF", "T-D-GEX", "C-D-GEX", "TR-D-GEX", "CR-D-GEX"}
            The original tanh network of 2016, the one with TAAFs, and the four of 2020: towers or
            checkerboards, without or with (R) a skip connection.
        n_towers : int, default=None
            Towers that share the budget of one of width 10,000; None is 5, the paper's best. The
            first two networks have one.
        **parameters : dict
            Anything to set otherwise, such as ``width`` for less than a GPU or ``random_state``.

        Returns
        -------
        DGEXRegressor
            Not fitted yet.

        Raises
        ------
        ValueError
            If the name is unknown, or towers are asked of a network that has one.

        Examples
        --------
        >>> from sklearn_dgex import DGEXRegressor
        >>> DGEXRegressor.from_paper("CR-D-GEX", width=500).learning_rate
        'step'
        """
        return cls(**(preset_parameters(name, n_towers) | parameters))
