"""What happens in an epoch: batch after batch is learnt from, then the held-out samples judge."""

from __future__ import annotations

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback

from sklearn_dgex.training.device import arithmetic
from sklearn_dgex.training.losses import average_profiles
from sklearn_dgex.training.profiles import EvaluationBatches, TrainingBatches
from sklearn_dgex.training.schedules import SCHEDULES
from sklearn_dgex.training.steps import Step, fast_step

BATCH_HOOKS = ("on_batch_begin", "on_batch_end", "on_grad_computed")


def train_epoch(
    net: NeuralNet, batches: TrainingBatches, epoch: int, n_epochs: int, last: Step | None
) -> Step | None:
    """Learn from every batch once; return the step that the next epoch may go on with."""
    notifies, n_members = _someone_hears_batches(net), batches.profiles.n_members
    factor = SCHEDULES[net.schedule]
    net.module_.train()
    total, step = 0.0, None
    if not notifies:  # callbacks may ask for predictions and gradients, which it has not
        step = fast_step(net.module_, net.criterion_, net.optimizer_, net.precision, last)
    for position, batch in enumerate(batches):
        if net.schedule != "constant":
            rate = net.lr * factor((epoch + position / len(batches)) / n_epochs)
            for group in net.optimizer_.param_groups:
                group["lr"] = rate
        if notifies:  # which opens the batch's record
            batch = tuple(batch)
            net.notify("on_batch_begin", batch=batch, training=True)
        loss, y_pred = (step(batch), None) if step else _step(net, batch, notifies)
        total = total + loss
        if notifies:
            net.history.record_batch("train_loss", loss.item() / n_members)
            net.notify("on_batch_end", batch=batch, training=True, loss=loss, y_pred=y_pred)
    if not notifies:  # the last batch alone is on record: skorch's Checkpoint asks for it
        net.history.new_batch()
        net.history.record_batch("train_loss", loss.item() / n_members)
    net.history.record("train_loss", float(total) / (len(batches) * n_members))
    net.history.record("learning_rate", net.optimizer_.param_groups[0]["lr"])
    return step


@torch.no_grad()
def validate(net: NeuralNet, batches: EvaluationBatches) -> None:
    """Put loss and MMAE of the held-out samples on record."""
    net.module_.eval()
    loss, mmae, n_samples = 0.0, 0.0, 0.0
    for x, y, weight in batches:
        with arithmetic(net.precision, x.device):
            y_pred = net.module_(x).to(y.dtype)  # (M, B, q)
        n = y.shape[1] if weight is None else weight.sum(-1)  # (M,)
        errors = ((y_pred - y).abs() * batches.profiles.y_scale).mean(-1)  # (M, B)
        mmae = mmae + n * average_profiles(errors, weight)
        loss = loss + n * average_profiles(net.criterion_.loss(y_pred, y), weight)
        n_samples = n_samples + n
    if weight is not None:  # a member may have held out samples without weight alone
        n_samples = n_samples.clamp_min(torch.finfo(n_samples.dtype).tiny)
    net.history.record("valid_loss", (loss / n_samples).mean().item())
    net.history.record("valid_mmae", (mmae / n_samples).mean().item())


def _step(net: NeuralNet, batch, notifies: bool) -> tuple[torch.Tensor, torch.Tensor]:
    x, y, weight = batch
    net.optimizer_.zero_grad(set_to_none=True)
    device = x.device
    with arithmetic(net.precision, device):
        y_pred = net.module_(x).to(y.dtype)
        loss = net.criterion_(y_pred, y, weight)
    with arithmetic("float32" if net.precision == "bfloat16" else net.precision, device):
        loss.backward()
    if notifies:
        net.notify("on_grad_computed", named_parameters=list(net.get_all_learnable_params()))
    net.optimizer_.step()
    return loss.detach(), y_pred.detach()


def _someone_hears_batches(net: NeuralNet) -> bool:
    return any(
        getattr(type(callback), hook) is not getattr(Callback, hook)
        for _, callback in net.callbacks_
        for hook in BATCH_HOOKS
    )
