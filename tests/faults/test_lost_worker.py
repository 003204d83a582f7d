"""A Dask worker is killed in the middle of a search: nothing is lost."""

import os
import signal
from itertools import chain

import joblib
import numpy as np
import pytest
from dask_clusters import local_cluster
from sklearn.model_selection import GridSearchCV, KFold

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.datasets import make_expression

distributed = pytest.importorskip("distributed", reason="searches on Dask need dask.distributed")

N_WORKERS = 2


class KillsWorkers(distributed.SchedulerPlugin):
    """Kill as many workers as told, those at work first, once some fits are done."""

    name = "kills-workers"

    def __init__(self, scheduler, pids, *, after, n_workers=1):
        self.scheduler, self.pids = scheduler, pids
        self.after, self.n_workers = after, n_workers
        self.n_done, self.n_killed = 0, 0

    def transition(self, key, start, finish, *args, **kwargs):
        self.n_done += "fit_and_score" in str(key) and finish == "memory"
        if self.n_done < self.after or self.n_killed:
            return
        workers = self.scheduler.workers
        for name in sorted(workers, key=lambda name: not workers[name].processing)[
            : self.n_workers
        ]:
            os.kill(self.pids[name], signal.SIGKILL)
            self.n_killed += 1


@pytest.fixture(scope="module")
def cluster():
    with local_cluster(N_WORKERS) as cluster:
        yield cluster


@pytest.fixture
def client(cluster):
    """Dask's default client of the whole cluster, a new one each time.

    A client that scatters equal data again, while its last reference to them goes, may lose both.
    """
    with distributed.Client(cluster) as client:
        client.wait_for_workers(N_WORKERS, timeout=60)
        client.amm.stop()  # else Dask drops the copies that take a lost one's place
        yield client


@pytest.fixture
def killer(cluster, client):
    """Return ``killer(...)``: let a KillsWorkers loose on the cluster."""

    def start(**parameters):
        killer = KillsWorkers(cluster.scheduler, client.run(os.getpid), **parameters)
        cluster.scheduler.add_plugin(killer)
        return killer

    yield start
    cluster.scheduler.remove_plugin(KillsWorkers.name)


@pytest.fixture(scope="module")
def data():
    return make_expression(240, n_landmarks=12, n_targets=30, random_state=0)


@pytest.fixture(scope="module")
def splits(data):
    return list(KFold(2).split(data[0]))


@pytest.fixture(scope="module")
def search(splits):
    """An unfitted search of 12 fits."""
    model = DGEXRegressor(
        width=16, n_members=1, max_iter=10, early_stopping=False, device="cpu", random_state=0
    )
    grid = {"n_towers": [1, 2, 3], "dropout": [0.0, 0.1]}
    return GridSearchCV(model, grid, cv=splits, scoring="neg_mean_absolute_error")


@pytest.fixture(scope="module")
def serial(search, data):
    return GridSearchCV(**search.get_params(deep=False)).fit(*data)


@pytest.mark.parametrize("after", [1, 6])
def test_the_search_ends_with_the_serial_numbers(
    client, killer, search, serial, data, splits, after
):
    killer = killer(after=after)
    with joblib.parallel_config("dask", scatter=[*data, *chain(*splits)]):
        survived = GridSearchCV(**search.get_params(deep=False)).fit(*data)
    assert killer.n_killed == 1
    for name in ("split0_test_score", "split1_test_score"):
        np.testing.assert_array_equal(survived.cv_results_[name], serial.cv_results_[name])
    np.testing.assert_array_equal(survived.predict(data[0]), serial.predict(data[0]))
    client.wait_for_workers(N_WORKERS, timeout=60)
    new = set(client.run(os.getpid).values()) - set(killer.pids.values())
    assert len(new) == 1, "the lost worker's nanny has started another"


def test_a_search_whose_data_are_lost_says_so(killer, search, data, splits):
    """With all workers gone at once there is nothing to go on with: an error, and no waiting."""
    killer = killer(after=2, n_workers=N_WORKERS)
    unfitted = GridSearchCV(**search.get_params(deep=False))
    with (
        joblib.parallel_config("dask", scatter=[*data, *chain(*splits)]),
        pytest.raises(distributed.client.FutureCancelledError),
    ):
        unfitted.fit(*data)
    assert not hasattr(unfitted, "cv_results_")
