"""Profiles of any number in a file, made a block at a time, and handed out in several formats."""

from __future__ import annotations

from pathlib import Path

import numpy as np

N_LANDMARKS, N_TARGETS = 943, 9520  # of the L1000 and GTEx data of the papers
N_GENES = N_LANDMARKS + N_TARGETS
BLOCK = 2048  # samples


def write_profiles(path: Path, n_samples: int) -> Path:
    """Write float32 profiles whose targets follow a landmark each, with noise.

    The noise is one block's, turned by another number of genes in each: it need not be new to be
    read, and drawing so much of it would take longer than a fit.
    """
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((BLOCK, N_TARGETS), dtype=np.float32)
    source = rng.integers(N_LANDMARKS, size=N_TARGETS)
    with path.open("wb") as stream:
        for start in range(0, n_samples, BLOCK):
            n_rows = min(BLOCK, n_samples - start)
            block = np.empty((n_rows, N_GENES), np.float32)
            landmarks = rng.standard_normal((n_rows, N_LANDMARKS), dtype=np.float32)
            block[:, :N_LANDMARKS] = landmarks
            block[:, N_LANDMARKS:] = landmarks[:, source]
            block[:, N_LANDMARKS:] += np.roll(noise, int(rng.integers(N_TARGETS)), axis=1)[:n_rows]
            block.tofile(stream)
    return path


def memory_map(path: Path) -> tuple[np.memmap, np.memmap]:
    """Landmarks and targets of a file of profiles."""
    n_samples = path.stat().st_size // (4 * N_GENES)
    table = np.memmap(path, np.float32, "r", shape=(n_samples, N_GENES))
    return table[:, :N_LANDMARKS], table[:, N_LANDMARKS:]


def as_hdf5(path: Path, X, y, **storage):
    """Copy both tables into an HDF5 file, and return them open."""
    import h5py

    file = h5py.File(path, "w")
    return [
        _copied(file.create_dataset(n, t.shape, np.float32, **storage), t) for n, t in both(X, y)
    ]


def as_zarr(path: Path, X, y, **storage):
    """Copy both tables into a zarr folder, and return them open."""
    import zarr

    return [
        _copied(zarr.create_array(path / n, shape=t.shape, dtype=np.float32, **storage), t)
        for n, t in both(X, y)
    ]


def both(X, y):
    return (("X", X), ("y", y))


def _copied(stored, table):
    for start in range(0, len(table), BLOCK):
        stored[start : start + BLOCK] = table[start : start + BLOCK]
    return stored
