"""The training loop: a skorch net whose epoch costs what its arithmetic costs."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from itertools import chain

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, EpochTimer
from skorch.history import History

from sklearn_dgex.training import interrupts
from sklearn_dgex.training.allocator import large_blocks_kept
from sklearn_dgex.training.callbacks import BestWeights, DivergenceGuard, LogLines, ProgressLine
from sklearn_dgex.training.checkpoints.folder import Checkpoints
from sklearn_dgex.training.cores import within_allowed_cores
from sklearn_dgex.training.distributed.alone import ALONE
from sklearn_dgex.training.epochs import train_epoch, validate
from sklearn_dgex.training.generators import generators_of, restore, states_of
from sklearn_dgex.training.pieces import Pieces
from sklearn_dgex.training.profiles import EvaluationBatches, Profiles, TrainingBatches


class ProfileNet(NeuralNet):
    """Train networks that map (M, B, p) landmarks to (M, B, q) targets on :class:`Profiles`.

    Against skorch's own loop, batches are sliced from tensors, an epoch's loss stays on the device
    until its end, callbacks with nothing to do in a batch are not called in one, an interrupted fit
    says so, and what is pickled is the weights, the settings and the history alone.

    Parameters
    ----------
    module : torch.nn.Module
        The networks.
    schedule : {"step", "cosine", "constant"}, default="constant"
        Factor on the learning rate by the progress of the fit.
    mixup : float, default=0.0
        Blend samples by shares from Beta(mixup, mixup); 0 leaves them as they are.
    patience : int, default=None
        Epochs without a lower validation MMAE before the fit stops; None runs all epochs.
    tol : float, default=0.0
        Share of the best MMAE by which an epoch must undercut it to end the wait.
    keep_best : bool, default=True
        Whether to end with the best epoch's weights, not the last one's.
    precision : {"float32", "tf32", "bfloat16"}, default="float32"
        Arithmetic of the matrix products.
    generator : torch.Generator, default=None
        Orders the batches; on the CPU. None is torch's global one.
    description : str, default="fit"
        What progress lines begin with.
    ranks : Alone or Ranks, default=ALONE
        The processes that train the module together; one alone.
    **kwargs : dict
        Parameters of :class:`skorch.NeuralNet`.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from sklearn_dgex.training import Profiles, make_net
    >>> x, index = torch.arange(8.0).view(8, 1), torch.arange(8).view(1, 8)
    >>> profiles = Profiles(x, 2 * x, torch.ones(1), None, index[:, :6], index[:, 6:])
    >>> of = {"loss": "huber", "solver": "sgd", "momentum": 0.9, "schedule_decay": 0.0}
    >>> rng, device = np.random.RandomState(0), torch.device("cpu")
    >>> net = make_net(torch.nn.PReLU(), rng=rng, device=device, lr=0.1, verbose=0, **of)
    >>> net.train(profiles, n_epochs=2).history[:, "learning_rate"]
    [0.1, 0.1]
    """

    def __init__(
        self,
        module,
        *,
        schedule="constant",
        mixup=0.0,
        patience=None,
        tol=0.0,
        keep_best=True,
        precision="float32",
        generator=None,
        description="fit",
        ranks=ALONE,
        **kwargs,
    ) -> None:
        self.schedule = schedule
        self.mixup = mixup
        self.patience = patience
        self.tol = tol
        self.keep_best = keep_best
        self.precision = precision
        self.generator = generator
        self.description = description
        self.ranks = ranks
        super().__init__(module, **kwargs)

    @property
    def _default_callbacks(self):
        # The user's callbacks follow these, and so find "valid_loss_best" and "dur" recorded.
        return [
            ("epoch_timer", EpochTimer()),
            ("divergence_guard", DivergenceGuard()),
            ("best_weights", BestWeights(self.patience, self.tol)),
        ]

    @within_allowed_cores()
    def train(
        self, profiles: Profiles, n_epochs: int, checkpoints: Checkpoints | None = None
    ) -> ProfileNet:
        """Run ``n_epochs`` epochs, from the weights at hand, to the best weights seen.

        Parameters
        ----------
        profiles : Profiles or ProfileStream
            What to learn from, and what is held out.
        n_epochs : int
            Epochs of the whole fit.
        checkpoints : Checkpoints, default=None
            Those of the fit, whose search has begun. Epochs are not run again that were when the
            one was written that it found.

        Returns
        -------
        ProfileNet
            The net itself.

        Raises
        ------
        DivergedError
            If an epoch's loss is not finite.
        CheckpointMismatchError
            If the checkpoint is of another network; the net is then as it was.

        Warns
        -----
        InterruptedFitWarning
            If Ctrl-C stopped it; the net then holds the best weights seen until then.
        """
        if not self.initialized_:
            self.initialize()
        self.stop_training_, self.pieces_ = False, Pieces()
        n_before = len(self.history)
        n_done = checkpoints.restore(self) if checkpoints else 0
        progress = self._progress(n_epochs, n_done)
        self.callbacks_ = [*self.callbacks_, *progress]
        try:
            self.notify("on_train_begin", X=profiles, y=None)
            if checkpoints:  # now that all callbacks have begun
                checkpoints.restore_best(self)
            with large_blocks_kept():
                interrupted = self._run(profiles, n_epochs, n_done, checkpoints)
        finally:
            self.callbacks_ = self.callbacks_[: len(self.callbacks_) - len(progress)]
            for _, line in progress:
                getattr(line, "close", lambda: None)()
        self.interrupted_ = interrupted
        best = dict(self.callbacks_)["best_weights"]
        if interrupted:
            interrupts.warn_interrupted(self.history, best, n_before, n_epochs, checkpoints)
            interrupts.drop_unfinished_epoch(self.history)
        if self.keep_best or interrupted:
            best.restore(self)
        best.state_ = None
        self._part_from_ranks()
        self.module_.eval()
        self.notify("on_train_end", X=profiles, y=None)
        return self

    def _part_from_ranks(self) -> None:
        """Be a net like any other: with all weights, and no process beside its own."""
        if self.ranks.shards:
            self.module = self.module_ = self.ranks.whole(self.module_)
            del self.optimizer_  # of the shards
        self.ranks = ALONE

    def _run(
        self, profiles: Profiles, n_epochs: int, n_done: int, checkpoints: Checkpoints | None
    ) -> bool:
        """Run the epochs that are left; return whether Ctrl-C stopped them."""
        if checkpoints and checkpoints.finished:
            return False
        try:
            try:
                self.fit_loop(profiles, None, n_epochs, n_done=n_done, checkpoints=checkpoints)
            except KeyboardInterrupt as interrupt:
                if not interrupts.raised_by_skorch(interrupt):
                    raise
            if checkpoints:
                checkpoints.write(self, finished=True)
        except KeyboardInterrupt:
            if self.ranks.size > 1:  # which may be in another epoch each
                raise
            return True
        return False

    def fit_loop(
        self, X: Profiles, y=None, epochs=None, *, n_done=0, checkpoints=None, **fit_params
    ):
        """Run epochs from the weights at hand to the last ones.

        Parameters
        ----------
        X : Profiles or ProfileStream
            What to learn from, and what is held out.
        y : None
            Ignored: ``X`` has the targets.
        epochs : int, default=None
            Epochs of the whole fit; skorch's default of None has no meaning here.
        n_done : int, default=0
            Epochs that were run before.
        checkpoints : Checkpoints, default=None
            Where to write the state between epochs.
        **fit_params : dict
            Ignored.

        Returns
        -------
        ProfileNet
            The net itself.
        """
        self.check_training_readiness()
        training, validation = self.get_iterator(X, training=True), self.get_iterator(X)
        self.step_, n_held_out = None, X.held_out.valid_index.shape[1]
        try:
            for epoch in range(n_done, epochs):
                self.notify("on_epoch_begin", dataset_train=X, dataset_valid=None)
                train_epoch(self, training, epoch, epochs)
                if n_held_out:  # whose batches are not announced: skorch's callbacks have none
                    validate(self, validation)
                self.notify("on_epoch_end", dataset_train=X, dataset_valid=None)
                if not self.ranks.all(not self.stop_training_):
                    break
                if checkpoints and epoch + 1 < epochs:  # after the last one, `_run` writes
                    checkpoints.after_epoch(self)
        finally:
            self.ranks.release(self.step_)
            self.step_ = None
        return self

    def torch_compile(self, module, name):
        """Compile the network in place, if so wanted.

        Parameters
        ----------
        module : torch.nn.Module
            The networks, or the criterion.
        name : str
            Which of both: "module" is compiled.

        Returns
        -------
        torch.nn.Module
            The same module.
        """
        # Unlike skorch: class, names of the weights, copies and pickles stay as they are.
        if self.compile and name == "module":
            module.compile(**self.get_params_for("compile"))
        return module

    def get_iterator(self, dataset: Profiles, training=False):
        """Make the batches of one epoch after another, for this rank.

        Parameters
        ----------
        dataset : Profiles or ProfileStream
            What to draw from.
        training : bool, default=False
            Whether to learn from them, shuffled, or to judge by those held out.

        Returns
        -------
        iterable of Batch
            Held-out samples come as tuples of landmarks, targets and weights.
        """
        if training:
            batches = TrainingBatches(dataset, self.batch_size, self.mixup, self.generator)
            return self.ranks.batches(batches)
        return self.ranks.held_out(EvaluationBatches(dataset, self.batch_size))

    def _progress(self, n_epochs: int, n_done: int) -> list[tuple[str, Callback]]:
        line = {0: None, 1: ProgressLine}.get(int(self.verbose), LogLines)
        return [] if line is None else [("progress", line(n_epochs, self.description, n_done))]

    def can_continue(self, device: torch.device) -> bool:
        """Tell whether the optimiser can take its next step on a device.

        Its state must be at hand, as it is until the net is pickled, and lie there, as must the
        weights, which a prediction elsewhere may have moved.

        Parameters
        ----------
        device : torch.device
            Where the step is to be taken.

        Returns
        -------
        bool
            False also for a learning rate that changes over the fit, which has ended.
        """
        if not hasattr(self, "optimizer_") or self.schedule != "constant":
            return False
        moments = (
            value
            for state in self.optimizer_.state.values()
            for value in state.values()
            if torch.is_tensor(value) and value.dim()  # torch keeps counters on the CPU
        )
        device = torch.empty(0, device=device).device  # "cuda" with its index, as tensors have it
        return all(t.device == device for t in chain(self.module_.parameters(), moments))

    def take_history(self, history: History) -> ProfileNet:
        """Count this net's epochs on from those of the net that trained the module before.

        Parameters
        ----------
        history : History
            That net's.

        Returns
        -------
        ProfileNet
            The net itself, initialised.
        """
        self.initialize()
        self.history_ = copy.copy(history)
        return self

    @contextmanager
    def unchanged_on_error(self):
        """Give weights, optimiser, generators and settings their state back if a block raises.

        Yields
        ------
        None
            The block may train the net.
        """
        if not self.initialized_:
            self.initialize()
        module, optimizer = self.module_.state_dict(), self.optimizer_.state_dict()
        before = copy.deepcopy((module, optimizer))
        states = states_of(generators_of(self.module_, self.generator))
        settings, n_epochs = (self.lr, self.batch_size), len(self.history)
        try:
            yield
        except BaseException:
            self.module_.load_state_dict(before[0])
            self.optimizer_.load_state_dict(before[1])
            restore(states)
            self.lr, self.batch_size = settings
            self.ranks = ALONE
            del self.history[n_epochs:]
            raise

    @classmethod
    def of_parts(cls, module, epochs: list[dict], *, precision: str, schedule: str) -> ProfileNet:
        """Put a trained net together again from what its pickle would hold.

        Parameters
        ----------
        module : torch.nn.Module
            The trained networks.
        epochs : list of dict
            Its history.
        precision : {"float32", "tf32", "bfloat16"}
            Arithmetic that it was trained in.
        schedule : {"step", "cosine", "constant"}
            Course of its learning rate.

        Returns
        -------
        ProfileNet
            A net that predicts, and whose optimiser has no state.
        """
        net = cls.__new__(cls)
        net.__setstate__(
            {
                "module_": module.eval(),
                "history_": History(epochs),
                "precision": precision,
                "schedule": schedule,
                "initialized_": True,
            }
        )
        return net

    def __getstate__(self):
        """Weights, history and what a prediction needs; no optimiser, callbacks or settings."""
        module = copy.deepcopy(self.module_).cpu()
        kept = ("history_", "precision", "schedule", "initialized_")
        return {"module_": module, **{name: self.__dict__[name] for name in kept}}

    def __setstate__(self, state):
        self.__dict__.update(state)
