"""One process that trains by itself, as training sees it.

What training asks of it, it asks of several as well, so that no other code tells them apart.
"""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn


class Alone:
    """One process: it leads, learns from all samples, and hears from nobody.

    Training asks the same of one process and of several (ranks), whose class overrides what is
    done here.

    Attributes
    ----------
    rank, size : int
        Number of this process, and of all of them: 0 and 1.
    leads : bool
        Whether this process writes files and tells the user: one does.
    shards : bool
        Whether each process holds a part of the weights alone.

    Examples
    --------
    >>> from sklearn_dgex.training import Alone
    >>> ranks = Alone()
    >>> ranks.size, ranks.leads, ranks.all(False)
    (1, True, False)
    """

    rank, size, leads = 0, 1, True
    shards = False

    def same_randomness(self, rng: np.random.RandomState) -> np.random.RandomState:
        """Return a source of random numbers that is the same for all ranks.

        Parameters
        ----------
        rng : RandomState
            This rank's own source.

        Returns
        -------
        RandomState
            That of the leading rank, in the state it has there.
        """
        return rng

    @contextmanager
    def in_step(self):
        """Raise an error of this block on all ranks, whichever of them it befell.

        Yields
        ------
        None
            A rank on which the block fails keeps no other waiting.

        Raises
        ------
        ValueError
            If the block raised an error on another rank; the message names both.
        """
        yield

    def check_alike(self, facts: dict) -> None:
        """Check that all ranks were given the same.

        Parameters
        ----------
        facts : dict
            Text, numbers or float arrays, by names that the error tells.

        Raises
        ------
        ValueError
            If a fact differs between ranks; arrays may by 1e-5, as processors round differently.
        """

    def batches(self, batches):
        """Return what this rank learns from of an epoch's batches.

        Parameters
        ----------
        batches : TrainingBatches
            Batches that all ranks draw alike.

        Returns
        -------
        iterable of Batch
            This rank's samples of each batch.
        """
        return batches

    def held_out(self, batches):
        """Return what this rank judges of the held-out samples.

        Parameters
        ----------
        batches : EvaluationBatches
            Held-out samples in pieces, the same on all ranks.

        Returns
        -------
        iterable of tuple of Tensor
            Landmarks, targets and weights of this rank's samples of each piece.
        """
        return batches

    def prepare(self, module: nn.Module, device: torch.device) -> nn.Module:
        """Make a module ready for training on the device.

        Parameters
        ----------
        module : torch.nn.Module
            A module on the CPU.
        device : torch.device
            Where this rank trains.

        Returns
        -------
        torch.nn.Module
            The module there, or this rank's shards of it.
        """
        return module.to(device)

    def whole(self, module: nn.Module) -> nn.Module:
        """Return a trained module as one process would have it.

        Parameters
        ----------
        module : torch.nn.Module
            What :meth:`prepare` returned.

        Returns
        -------
        torch.nn.Module
            The module with all weights.
        """
        return module

    def sum(self, tensor: Tensor) -> Tensor:
        """Add up what all ranks hold.

        Parameters
        ----------
        tensor : Tensor
            This rank's numbers, of the same shape on all; several ranks change it in place.

        Returns
        -------
        Tensor
            The sums, the same on all ranks.
        """
        return tensor

    def all(self, fact: bool) -> bool:
        """Tell whether a fact holds on all ranks.

        Parameters
        ----------
        fact : bool
            Whether it holds on this one.

        Returns
        -------
        bool
            The same answer on all ranks.
        """
        return fact

    def compiled_steps(self, networks, criterion, optimizer, last, **settings):
        """Return compiled steps that ranks take together.

        Parameters
        ----------
        networks : list of TowerNetwork
            Networks of the parts of the targets.
        criterion : ProfileLoss
            The loss.
        optimizer : Nadam
            Optimiser of all networks.
        last : callable or None
            Step of the epoch before, whose preparations may still serve.
        **settings : dict
            For the steps: ``precision``.

        Returns
        -------
        callable or None
            Learns from a batch and returns its loss; None where one process' steps serve.
        """
        return None

    @contextmanager
    def epoch(self, step):
        """Open what a step needs for the time of an epoch.

        Parameters
        ----------
        step : callable or None
            What :meth:`compiled_steps` returned; None for torch's autograd.

        Yields
        ------
        None
            The epoch's batches are to be learnt from within.
        """
        yield

    def answer(self, module: nn.Module, batch, x: Tensor) -> Tensor:
        """Run the module on landmarks of this rank's part of a batch.

        Parameters
        ----------
        module : torch.nn.Module
            What :meth:`prepare` returned.
        batch : Batch
            The part of a batch that the landmarks are of.
        x : Tensor of shape (M, B, p)
            Landmarks.

        Returns
        -------
        Tensor of shape (M, B, q)
            Inferred targets.
        """
        return module(x)

    def loss(self, criterion: nn.Module, y_pred: Tensor, y: Tensor, weight, batch) -> Tensor:
        """Compute the loss whose gradient each rank is to find, so that their mean is the batch's.

        Parameters
        ----------
        criterion : ProfileLoss
            The loss.
        y_pred, y : Tensor of shape (M, B, q)
            Inferred and true targets of this rank's part of a batch.
        weight : Tensor of shape (M, B) or None
            Sample weights of the part.
        batch : Batch
            The part, which knows the whole batch's weight.

        Returns
        -------
        Tensor of shape ()
            The loss, to be differentiated.
        """
        return criterion(y_pred, y, weight)

    @contextmanager
    def backward(self):
        """Find gradients within it, which several ranks average.

        Yields
        ------
        None
            The loss is to be differentiated within.
        """
        yield

    def loss_of_all(self, loss: Tensor) -> Tensor:
        """Compute the loss of the whole batch.

        Parameters
        ----------
        loss : Tensor of shape ()
            What :meth:`loss` returned.

        Returns
        -------
        Tensor of shape ()
            The same on all ranks.
        """
        return loss

    def release(self, step) -> None:
        """Let go of all that a fit has needed.

        Parameters
        ----------
        step : callable or None
            The last step that was taken.
        """


ALONE = Alone()
