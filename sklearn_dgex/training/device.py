"""Where a fit runs, and in which arithmetic."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress

import torch

# Weights × samples of a step from which on products of bfloat16 save more than rounding to it
# costs. Measured: benchmarks/speed/NOTES.md.
BFLOAT16_WINS = 50_000_000


def resolve_device(device: str | torch.device) -> torch.device:
    """Return the device of a name.

    Parameters
    ----------
    device : str or torch.device
        "cpu", "cuda" or "cuda:N"; "auto" takes a CUDA GPU where there is one, else the CPU.

    Returns
    -------
    torch.device
        A device of this machine.

    Raises
    ------
    ValueError
        If it is none of these names, or torch sees no such GPU here.

    Examples
    --------
    >>> from sklearn_dgex.training import resolve_device
    >>> resolve_device("cpu")
    device(type='cpu')
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        resolved = torch.device(device)
    except (RuntimeError, TypeError):
        resolved = None
    if resolved is None or resolved.type not in ("cpu", "cuda"):
        raise ValueError(
            f"The 'device' parameter must be 'auto', 'cpu', 'cuda' or 'cuda:N'. Got {device!r} "
            "instead."
        )
    if resolved.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(
            f"The 'device' parameter must name a device of this machine. Got {device!r}, but torch "
            "sees no CUDA GPU here; use 'auto' or 'cpu'."
        )
    n_devices = torch.cuda.device_count() if resolved.type == "cuda" else 1
    if (resolved.index or 0) >= n_devices:
        raise ValueError(
            f"The 'device' parameter must name a device of this machine. Got {device!r}, but torch "
            f"sees {n_devices} here, counted from 0."
        )
    return resolved


def resolve_precision(precision: str, device: torch.device, n_products: int = 0) -> str:
    """Return the arithmetic of matrix products.

    "auto" is tf32 on CUDA, and on CPUs float32; but bfloat16 for networks with at least so many
    products of a weight and a sample a step that it is the quicker one, where processors have
    instructions for it.

    Parameters
    ----------
    precision : {"auto", "float32", "tf32", "bfloat16"}
        What is asked for.
    device : torch.device
        Where the products are computed.
    n_products : int, default=0
        Products of a weight and a sample in one step of training; 0 for inference.

    Returns
    -------
    {"float32", "tf32", "bfloat16"}
        What to compute in.

    Raises
    ------
    ValueError
        If "tf32" is asked for on a device that is no CUDA GPU.

    Examples
    --------
    >>> import torch
    >>> from sklearn_dgex.training import resolve_precision
    >>> resolve_precision("auto", torch.device("cpu"))
    'float32'
    >>> resolve_precision("auto", torch.device("cuda"))
    'tf32'
    """
    if precision == "auto" and device.type == "cuda":
        return "tf32"
    if precision == "auto":
        wins = n_products >= BFLOAT16_WINS and _cpu_multiplies_bfloat16()
        return "bfloat16" if wins else "float32"
    if precision == "tf32" and device.type != "cuda":
        raise ValueError(
            "The 'precision' parameter can be 'tf32' on CUDA devices only. Got 'tf32' on "
            f"{device.type!r}; use 'auto', 'float32' or 'bfloat16'."
        )
    return precision


def _cpu_multiplies_bfloat16() -> bool:
    # torch asks the processor, but has no public name for it yet.
    asked = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in asked)


def prediction_setting(device: str, precision: str) -> tuple[torch.device, str]:
    """Return device and precision to infer with: a GPU as for training, or the CPU in float32.

    A model trained on a GPU infers on machines that have fewer of them, or none.

    Parameters
    ----------
    device : str
        "auto", "cpu", "cuda" or "cuda:N", as the model was trained.
    precision : {"auto", "float32", "tf32", "bfloat16"}
        As the model was trained.

    Returns
    -------
    device : torch.device
        A device of this machine.
    precision : {"float32", "tf32", "bfloat16"}
        Arithmetic of the matrix products there.

    Raises
    ------
    ValueError
        If ``device`` is none of these names.

    Examples
    --------
    >>> from sklearn_dgex.training import prediction_setting
    >>> prediction_setting("cpu", "bfloat16")
    (device(type='cpu'), 'float32')
    """
    kind, _, index = device.partition(":")
    if kind == "cuda" and not torch.cuda.is_available():
        device = "cpu"
    elif kind == "cuda" and index.isdigit() and int(index) >= torch.cuda.device_count():
        device = "cuda"
    resolved = resolve_device(device)
    on_cpu = resolved.type == "cpu"
    return resolved, "float32" if on_cpu else resolve_precision(precision, resolved)


def arithmetic(precision: str, device: torch.device) -> AbstractContextManager:
    """Context in which matrix products run in ``precision``; weights stay float32 throughout."""
    if precision == "bfloat16":
        return torch.autocast(device.type, torch.bfloat16)
    return _tf32(precision == "tf32") if device.type == "cuda" else nullcontext()


@contextmanager
def _tf32(allowed: bool):
    matmul, before, overall = torch.backends.cuda.matmul, _tf32_settings(), _overall_precision()
    wanted = {"allow_tf32": allowed, "fp32_precision": "tf32" if allowed else "ieee"}
    try:
        for name in before:
            setattr(matmul, name, wanted[name])
        yield
    finally:
        for name, value in before.items():
            setattr(matmul, name, value)
        if overall is not None and _overall_precision() != overall:  # "medium" is of its own kind
            torch.set_float32_matmul_precision(overall)


def _overall_precision() -> str | None:
    """Return what torch.set_float32_matmul_precision was told, or None where torch can't tell."""
    with suppress(RuntimeError):
        return torch.get_float32_matmul_precision()
    return None


def _tf32_settings() -> dict[str, bool | str]:
    """How products of float32 are set now, under the old name, the new one, or both.

    torch 2.8 has the old one alone. Later ones refuse to read it once the new one alone was set;
    until then both are kept in step, since parts of torch ask for either.
    """
    settings = {}
    for name in ("allow_tf32", "fp32_precision"):  # in this order: the old one sets the new one
        with suppress(AttributeError, RuntimeError):
            settings[name] = getattr(torch.backends.cuda.matmul, name)
    return settings
