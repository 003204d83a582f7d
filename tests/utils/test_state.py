from types import SimpleNamespace

import pytest

from sklearn_dgex.utils.state import unchanged_on_error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_no_trace_and_success_does(error):
    estimator = SimpleNamespace(kept=1, changed=2)
    with pytest.raises(error), unchanged_on_error(estimator):  # noqa: PT012
        estimator.changed, estimator.new = 3, 4
        del estimator.kept
        raise error
    assert vars(estimator) == {"kept": 1, "changed": 2}
    with unchanged_on_error(estimator):
        estimator.changed = 5
    assert estimator.changed == 5
