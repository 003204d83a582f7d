"""Training in memory that is kept leaves no trace in the process's other arithmetic."""

import subprocess
import sys

import pytest

PROBE = """
import resource
import numpy as np
from sklearn_dgex.training.allocator import large_blocks_kept

def n_faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(50):
        np.ones(1 << 19)  # 4 MiB, 1,024 pages
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

np.ones(1 << 21)  # a freed block of 16 MiB, by which glibc raises its thresholds
before = n_faults()
with large_blocks_kept():
    within = n_faults()
print(before, within, n_faults())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator alone is set")
def test_arrays_cost_no_more_page_faults_after_a_fit_than_before():
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    before, within, after = map(int, done.stdout.split())
    # Before, it depends on what the process happened to free.
    assert max(within, after) < 10_000, f"page faults: {before=}, {within=}, {after=}"
