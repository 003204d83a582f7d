"""Training on CUDA devices: Nadam in one pass, steps as CUDA graphs, batches copied ahead."""

from __future__ import annotations
