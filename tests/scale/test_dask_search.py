"""A search over a Dask cluster gives the numbers of a serial one, and sends its data once."""

from itertools import chain

import joblib
import numpy as np
import pytest
from dask_clusters import local_cluster
from sklearn.cluster import KMeans
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_dgex import SDATransformer
from sklearn_dgex.datasets import make_expression
from sklearn_dgex.exceptions import DivergedError
from sklearn_dgex.model_selection import AllSamplesSplit, adjusted_rand_scorer

distributed = pytest.importorskip("distributed", reason="searches on Dask need dask.distributed")


class Graphs(distributed.SchedulerPlugin):
    """Remember what each fit that reaches the scheduler carries, and what it refers to."""

    name = "graphs"

    def __init__(self):
        self.carried, self.referred = [], []

    def update_graph(self, scheduler, *, keys, **kwargs):
        fits = [scheduler.tasks[key] for key in keys if "fit_and_score" in str(key)]
        self.carried += [len(distributed.protocol.pickle.dumps(fit.run_spec)) for fit in fits]
        self.referred += [{other.key for other in fit.dependencies} for fit in fits]


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes of one thread each."""
    with local_cluster(2) as cluster:
        yield cluster


@pytest.fixture
def client(cluster):
    """Dask's default client, a new one each time.

    A client that scatters equal data again, while its last reference to them goes, may lose both.
    """
    with distributed.Client(cluster) as client:
        yield client


@pytest.fixture
def grid_of_towers(small):
    """A search over towers in a pipeline, of four fits."""

    def build(cv=2, **parameters):
        pipeline = Pipeline([("scale", StandardScaler()), ("infer", small())])
        return GridSearchCV(
            pipeline.set_output(transform="pandas"),
            {"infer__n_towers": [1, 3]},
            scoring="neg_mean_absolute_error",
            cv=cv,
            **parameters,
        )

    return build


def test_grid_over_towers(client, grid_of_towers, lab, assert_same_scores):
    serial = grid_of_towers(return_train_score=True).fit(lab.X, lab.y)
    with joblib.parallel_config("dask", scatter=[lab.X, lab.y]):
        search = grid_of_towers(return_train_score=True).fit(lab.X, lab.y)
    assert_same_scores(search, serial)
    assert list(search.best_estimator_["infer"].feature_names_in_) == list(lab.X)
    np.testing.assert_array_equal(search.predict(lab.X), serial.predict(lab.X))


def test_grid_of_a_clustering(client, classes, assert_same_scores):
    sda = SDATransformer(4, max_iter=30, random_state=0)
    pipeline = Pipeline([("sda", sda), ("cluster", KMeans(3, n_init=3, random_state=0))])
    search = GridSearchCV(
        pipeline,
        {"sda__corruption_level": [0.0, 0.3], "sda__output": ["regenerated", "code"]},
        scoring=adjusted_rand_scorer,
        cv=AllSamplesSplit(),
    )
    serial = search.fit(classes.X, classes.y)
    with joblib.parallel_config("dask", scatter=[classes.X, classes.y]):
        on_dask = GridSearchCV(**search.get_params(deep=False)).fit(classes.X, classes.y)
    assert_same_scores(on_dask, serial)


def test_data_travel_once(cluster, client, grid_of_towers):
    client.amm.stop()  # else Dask drops the copies it was asked for
    X, y = make_expression(240, n_landmarks=12, n_targets=500, as_frame=True, random_state=0)
    splits = list(KFold(3).split(X))
    data = [X, y, *chain(*splits)]
    futures = client.scatter(data, broadcast=True)  # under the keys that joblib's get as well
    keys = {future.key for future in futures}
    graphs = Graphs()
    cluster.scheduler.add_plugin(graphs)
    received = client.run(_received)
    with joblib.parallel_config("dask", scatter=data):
        grid_of_towers(cv=splits).fit(X, y)
        holders = client.who_has()
    cluster.scheduler.remove_plugin(graphs.name)
    assert len(keys) == len(data)
    assert {len(holders[key]) for key in keys} == {2}, "each worker holds a copy"
    assert len(graphs.carried) > 1
    assert max(graphs.carried) < y.to_numpy().nbytes / 20, "fits carry no data"
    assert set.union(*graphs.referred) == keys
    for worker, transfers in client.run(_received).items():
        fetched = keys & set(transfers[len(received[worker]) :])
        assert not fetched, "no worker fetches what it was given"


def _received(dask_worker):
    return [key for entry in dask_worker.transfer_incoming_log for key in entry["keys"]]


@pytest.mark.filterwarnings("ignore:One or more of the test scores:UserWarning")
def test_a_candidate_that_diverges(client, small, lab, assert_same_scores):
    """Its error crosses the wire as what it is."""
    grid = {"learning_rate_init": [4e-3, 1e-3, 1e30]}

    def search(**parameters):
        parameters = {"scoring": "neg_mean_absolute_error", "cv": 2} | parameters
        return GridSearchCV(small(), grid, **parameters).fit(lab.X, lab.y)

    with pytest.warns(FitFailedWarning, match="lower 'learning_rate_init'"):
        serial = search()
    assert np.isnan(serial.cv_results_["mean_test_score"]).tolist() == [False, False, True]
    with joblib.parallel_config("dask", scatter=[lab.X, lab.y]):
        with pytest.warns(FitFailedWarning, match="lower 'learning_rate_init'"):
            on_dask = search()
        with pytest.raises(DivergedError, match="lower 'learning_rate_init'"):
            search(error_score="raise")
    assert_same_scores(on_dask, serial)
