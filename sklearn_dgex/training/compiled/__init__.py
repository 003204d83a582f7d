"""Loops that numba compiles: what the autoencoders' kernel and the towers' step are made of."""

from __future__ import annotations


def obstacle() -> str | None:
    """Why numba can't compile loops here; None if it can."""
    try:
        import numba
    except Exception as error:  # a numba older than its numpy raises more than ImportError
        return f"numba can't be imported ({error})"
    return "numba's compiler is off (NUMBA_DISABLE_JIT)" if numba.config.DISABLE_JIT else None
