"""What happens in an epoch: batch after batch is learnt from, then the held-out samples judge."""

from __future__ import annotations

from functools import partial

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback

from sklearn_dgex.training.device import arithmetic
from sklearn_dgex.training.pieces import Pieces
from sklearn_dgex.training.profiles import EvaluationBatches, TrainingBatches
from sklearn_dgex.training.schedules import SCHEDULES
from sklearn_dgex.training.steps import fast_step

BATCH_HOOKS = ("on_batch_begin", "on_batch_end", "on_grad_computed")


def train_epoch(net: NeuralNet, batches: TrainingBatches, epoch: int, n_epochs: int) -> None:
    """Learn from every batch once; the net keeps the step that the next epoch may go on with."""
    notifies, n_members = _someone_hears_batches(net), batches.profiles.n_members
    factor = SCHEDULES[net.schedule]
    net.module_.train()
    total, pieces = 0.0, net.pieces_
    parts = net.module_, net.criterion_, net.optimizer_
    # Callbacks may ask for predictions and gradients, which it has not; nor has it pieces.
    wanted = not notifies and pieces.n == 1
    step = fast_step(*parts, net.precision, net.step_, net.ranks, wanted=wanted)
    if step is not net.step_:
        net.ranks.release(net.step_)
    net.step_ = step
    with net.ranks.epoch(step):
        for position, batch in enumerate(batches):
            if net.schedule != "constant":
                rate = net.lr * factor((epoch + position / len(batches)) / n_epochs)
                for group in net.optimizer_.param_groups:
                    group["lr"] = rate
            loss = None
            try:
                loss = step(batch) if step else None
            except torch.OutOfMemoryError:
                if not hasattr(step, "recorder") or net.ranks.size > 1:
                    raise
                net.step_ = step = None  # it leaves all as it was: the plain way has pieces
            if loss is None:  # not within the handler, which holds what the failed step had made
                loss = _step(net, batch, notifies, pieces)
            total = total + loss
    if not notifies:  # the last batch alone is on record: skorch's Checkpoint asks for it
        net.history.new_batch()
        net.history.record_batch("train_loss", loss.item() / n_members)
    net.history.record("train_loss", float(total) / ((position + 1) * n_members))
    net.history.record("learning_rate", net.optimizer_.param_groups[0]["lr"])


@torch.no_grad()
def validate(net: NeuralNet, batches: EvaluationBatches) -> None:
    """Put loss and MMAE of the held-out samples on record."""
    net.module_.eval()
    profiles = batches.profiles
    # In the largest gene's unit, as float32 may not hold the scales themselves.
    unit = profiles.y_scale.max()
    unit = unit.clamp_min(torch.finfo(unit.dtype).tiny)  # no gene may vary
    scale = (profiles.y_scale / unit).float()  # (q,)
    # Of loss, MMAE and weights, in float64: no order of samples, or ranks, is to tell which epoch
    # is the best.
    sums = torch.zeros(3, profiles.n_members, dtype=torch.float64, device=profiles.device)
    for x, y, weight in batches:
        with arithmetic(net.precision, x.device):
            y_pred = net.module_(x).to(y.dtype)  # (M, B, q)
        if not y.shape[1]:  # the other ranks have some, and may have needed this one's weights
            continue
        losses = net.criterion_.loss(y_pred, y)  # (M, B)
        errors = ((y_pred - y).abs() * scale).mean(-1)  # (M, B)
        each = torch.stack([losses, errors, torch.ones_like(errors)]).double()  # (3, M, B)
        sums += (each if weight is None else each * weight).sum(-1)
    loss, mmae, n_samples = net.ranks.sum(sums)
    # A member may have held out samples without weight alone.
    n_samples = n_samples.clamp_min(torch.finfo(n_samples.dtype).tiny)
    net.history.record("valid_loss", (loss / n_samples).mean().item())
    net.history.record("valid_mmae", (unit * mmae / n_samples).mean().item())


def _step(net: NeuralNet, batch, notifies: bool, pieces: Pieces) -> torch.Tensor:
    """Learn from a batch by autograd, and tell those who hear batches; return its loss."""
    values = tuple(batch)
    if notifies:  # which opens the batch's record
        net.notify("on_batch_begin", batch=values, training=True)
    net.optimizer_.zero_grad(set_to_none=True)
    if net.ranks.size == 1:
        loss, y_pred = pieces.learn(net.module_, values, partial(_add_gradients, net, batch))
    else:  # a rank that needs more pieces than others would keep them waiting for its gradients
        loss, y_pred = _add_gradients(net, batch, *values)
    if notifies:
        net.notify("on_grad_computed", named_parameters=list(net.get_all_learnable_params()))
    net.optimizer_.step()
    loss = net.ranks.loss_of_all(loss)
    if notifies:
        net.history.record_batch("train_loss", loss.item() / values[0].shape[0])
        net.notify("on_batch_end", batch=values, training=True, loss=loss, y_pred=y_pred)
    return loss


def _add_gradients(net: NeuralNet, batch, x, y, weight, share=None) -> tuple:
    """Answer to samples, and add the gradients of their loss to the parameters'.

    ``share`` is the loss of a piece of a batch, as a function; None is that of all samples.
    """
    with arithmetic(net.precision, x.device):
        y_pred = net.ranks.answer(net.module_, batch, x).to(y.dtype)
        if share is None:
            loss = net.ranks.loss(net.criterion_, y_pred, y, weight, batch)
        else:
            loss = share(net.criterion_, y_pred, y, weight)
    backward = "float32" if net.precision == "bfloat16" else net.precision
    with arithmetic(backward, x.device), net.ranks.backward():
        loss.backward()
    return loss.detach(), y_pred.detach()


def _someone_hears_batches(net: NeuralNet) -> bool:
    return any(
        getattr(type(callback), hook) is not getattr(Callback, hook)
        for _, callback in net.callbacks_
        for hook in BATCH_HOOKS
    )
