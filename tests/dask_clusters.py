"""Dask clusters on this machine, for tests."""

import logging

import pytest

distributed = pytest.importorskip("distributed", reason="Dask is not installed")


def local_cluster(n_workers):
    """Start worker processes of one thread each; a context, at whose end they end."""
    return distributed.LocalCluster(
        n_workers=n_workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address=":0",
        silence_logs=logging.CRITICAL,
    )
