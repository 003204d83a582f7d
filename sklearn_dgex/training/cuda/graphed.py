"""A training step as one CUDA graph: gather, forward, loss, backward and Nadam, launched at once.

A graph runs the same kernels on the same memory again. So all that changes from step to step lies
in tensors that stay: the batch's rows, the keys of dropout, and Nadam's eight numbers. The CPU
writes them anew and starts the graph, and never waits for the device.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.func import functional_call

from sklearn_dgex.nn import TowerNetwork, networks_of
from sklearn_dgex.nn.dropout import dropped
from sklearn_dgex.training.cuda import capability
from sklearn_dgex.training.cuda.transfer import ready
from sklearn_dgex.training.device import arithmetic
from sklearn_dgex.training.nadam import Nadam, StepNumbers
from sklearn_dgex.training.profiles import Batch

WARM_UPS = 3  # steps of a shape before it is recorded, in which libraries choose and set up kernels
N_WORDS = len(StepNumbers._fields) // 2  # int64 words that hold the float32 numbers

RECORDING = threading.Lock()  # a device records one graph at a time, whoever asks for it

Run = Callable[[], None]


class Recorder(Protocol):
    """What makes a graph of the work that a function queues up on a device."""

    def warm_up(self, run: Run) -> None:
        """Do the work, as recording it will need it to have been done."""

    def record(self, run: Run) -> Run:
        """Return what does the work again; the work itself is not done."""


class GraphRecorder:
    """Record CUDA graphs, on one stream and from one pool of memory, as they never run at once."""

    def __init__(self, device: torch.device):
        self.device = device
        self.stream = torch.cuda.Stream(device)
        self.pool = torch.cuda.graph_pool_handle()
        # All live as long as any: in some torch, one that goes takes its stream's memory along.
        self.graphs = []

    def warm_up(self, run: Run) -> None:
        current = torch.cuda.current_stream(self.device)
        self.stream.wait_stream(current)
        try:
            with torch.cuda.stream(self.stream):
                run()
        finally:  # what was queued up may still write to the weights
            current.wait_stream(self.stream)

    def record(self, run: Run) -> Run:
        graph = torch.cuda.CUDAGraph()
        self.graphs.append(graph)
        settings = {"pool": self.pool, "stream": self.stream, "capture_error_mode": "thread_local"}
        # The outer block brings the stream back also where a recording that fails leaves its own.
        with (
            RECORDING,
            torch.cuda.device(self.device),
            torch.cuda.stream(torch.cuda.current_stream(self.device)),
            torch.cuda.graph(graph, **settings),
        ):
            run()
        return graph.replay


class GraphedStep:
    """Train a network, one batch a call, by recorded work.

    A batch of a new shape is learnt from in the plain way a few times. Then the step is recorded,
    and started again for each batch of that shape. If it can't be recorded, a warning says so, and
    the plain way goes on.

    Parameters
    ----------
    module : TowerNetwork or TargetParts
        Of contiguous float32 parameters on one device, all of which learn.
    optimizer : Nadam
        Of these parameters, in one group.
    criterion : ProfileLoss
    precision : {"float32", "tf32", "bfloat16"}
        Of the factors of matrix products. For bfloat16 the step keeps rounded copies of the
        matrices, which Nadam renews with the float32 weights; the matrices' gradients are bfloat16.
    recorder : Recorder, default=None
        None records CUDA graphs.
    """

    def __init__(
        self,
        module: nn.Module,
        optimizer: Nadam,
        criterion: nn.Module,
        *,
        precision: str,
        recorder: Recorder | None = None,
    ):
        self.module, self.optimizer, self.criterion = module, optimizer, criterion
        self.precision = precision
        self.parameters = dict(module.named_parameters())
        self.device = next(module.parameters()).device
        self.recorder = recorder or GraphRecorder(self.device)
        self.copies = self._rounded_matrices() if precision == "bfloat16" else {}
        self.dropouts = [d for network in networks_of(module) for d in _dropouts_of(network)]
        self.words = torch.zeros(
            N_WORDS + 2 * len(self.dropouts), dtype=torch.int64, device=self.device
        )
        self.numbers = self.words[:N_WORDS].view(torch.float32)
        self.keys = self.words[N_WORDS:].view(-1, 2)
        self.loss = torch.zeros((), device=self.device)
        self.shapes: dict[tuple, _Shape] = {}

    def __call__(self, batch: Batch) -> Tensor:
        """Take a step, and return the batch's loss, added up over members."""
        parameters = list(self.parameters.values())
        before = self.optimizer.counters(parameters)
        try:
            with torch.no_grad():
                self._send(self.optimizer.advance(parameters, self._group))
                shape = self._shape(batch)
                shape.load(batch)
                shape.step(lambda: self._learn(shape.batch), self.recorder)
                return self.loss.clone()
        except torch.OutOfMemoryError:  # which comes before any weight is moved
            self.optimizer.set_counters(parameters, before)
            raise

    def goes_on(self, module: nn.Module, optimizer: Nadam, precision: str) -> bool:
        """Whether the step is still one of these, whose tensors lie where they lay.

        Weights may have changed between epochs, so the rounded copies are renewed.
        """
        same = (self.module, self.optimizer, self.precision) == (module, optimizer, precision)
        if not same or any(shape.held != self._held() for shape in self.shapes.values()):
            return False
        with torch.no_grad():
            for name, copy in self.copies.items():
                copy.copy_(self.parameters[name])
        return True

    @property
    def _group(self) -> dict:
        return self.optimizer.param_groups[0]

    def _rounded_matrices(self) -> dict[str, Tensor]:
        vectors = {
            id(parameter)
            for network in networks_of(self.module)
            for neurons in (*network.activations, network.output_activation)
            for parameter in neurons.parameters()
        }
        return {
            name: parameter.detach().to(torch.bfloat16).requires_grad_()
            for name, parameter in self.parameters.items()
            if id(parameter) not in vectors
        }

    def _send(self, numbers: StepNumbers) -> None:
        """Write the numbers of the next step, and its keys, in one copy."""
        keys = [key for dropout in self.dropouts for key in dropout.draw_keys()]
        words = torch.empty(len(self.words), dtype=torch.int64)
        words[:N_WORDS].view(torch.float32).copy_(torch.tensor(numbers))
        words[N_WORDS:].copy_(torch.tensor(keys))
        self.words.copy_(ready(words, self.device), non_blocking=True)

    def _shape(self, batch: Batch) -> _Shape:
        sizes = ((name, tensor.shape) for name, tensor in _tensors(batch).items())
        key = (id(getattr(batch, "profiles", None)), *sizes)
        if key not in self.shapes:
            self.shapes[key] = _Shape(batch, self._held())
        return self.shapes[key]

    def _held(self) -> list[float]:
        """Addresses, and rates of dropout, that recorded work holds for good."""
        moments = [
            self.optimizer.state[parameter][name]
            for parameter in self.parameters.values()
            for name in ("exp_avg", "exp_avg_sq")
        ]
        tensors = (*self.module.parameters(), *moments)
        return [tensor.data_ptr() for tensor in tensors] + [part.rate for part in self.dropouts]

    def _learn(self, batch: Batch) -> None:
        """Queue up a step: what is recorded."""
        leaves = self.parameters | self.copies
        with torch.enable_grad(), self._keys_on_device():
            x, y, weight = batch
            with arithmetic(self.precision, self.device):
                y_pred = functional_call(self.module, leaves, (x,)).to(y.dtype)
                loss = self.criterion(y_pred, y, weight)
            backward = "float32" if self.precision == "bfloat16" else self.precision
            with arithmetic(backward, self.device):
                gradients = torch.autograd.grad(loss, list(leaves.values()))
        self.loss.copy_(loss.detach())
        self._descend(dict(zip(leaves, gradients, strict=True)))

    @contextmanager
    def _keys_on_device(self):
        drop = dropped
        if capability.runs_kernels(self.device):
            from sklearn_dgex.training.cuda.dropping import dropped as drop
        try:
            for dropout, keys in zip(self.dropouts, self.keys, strict=True):
                dropout.keys, dropout.drop = keys, drop
            yield
        finally:
            for dropout in self.dropouts:
                dropout.keys, dropout.drop = None, dropped

    def _descend(self, gradients: dict[str, Tensor]) -> None:
        pieces = []
        for name, gradient in gradients.items():
            copy = self.copies[name].detach() if name in self.copies else None
            parameter = self.parameters[name]
            pieces.append(self.optimizer.piece(parameter, gradient.contiguous(), copy))
        for dtype in {piece.gradient.dtype for piece in pieces}:  # those of a call are of one
            alike = [piece for piece in pieces if piece.gradient.dtype == dtype]
            self.optimizer.descend(alike, self.numbers)


class _Shape:
    """A batch whose tensors stay, and the recorded work on it."""

    def __init__(self, batch: Batch, held: list[float]):
        self.batch = replace(batch, **{n: t.clone() for n, t in _tensors(batch).items()})
        self.held, self.n_warm_ups = held, 0
        self.replay: Run | None = None
        self.failed = False

    def load(self, batch: Batch) -> None:
        """Copy a batch of the same shape into place."""
        mine = _tensors(self.batch)
        for name, tensor in _tensors(batch).items():
            mine[name].copy_(tensor, non_blocking=True)

    def step(self, run: Run, recorder: Recorder) -> None:
        """Do the work, in the way that its turn has come for."""
        if self.n_warm_ups < WARM_UPS:
            self.n_warm_ups += 1
            recorder.warm_up(run)
            return
        if self.replay is None and not self.failed:
            self._record(run, recorder)
        (self.replay or run)()

    def _record(self, run: Run, recorder: Recorder) -> None:
        try:
            self.replay = recorder.record(run)
        except RuntimeError as error:
            self.failed = True
            warnings.warn(
                "The training step could not be recorded as a CUDA graph, and is queued up piece "
                f"by piece instead: {error}",
                RuntimeWarning,
                stacklevel=2,
            )


def _dropouts_of(network: TowerNetwork) -> list[nn.Module]:
    """Return the dropouts of a network, in the order in which a forward pass draws their keys."""
    return [network.input_dropout, *network.dropouts]


def _tensors(batch: Batch) -> dict[str, Tensor]:
    values = {field.name: getattr(batch, field.name) for field in fields(batch)}
    return {name: value for name, value in values.items() if isinstance(value, Tensor)}
