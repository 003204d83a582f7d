"""How many examples there are, and how they are drawn.

Without SKLEARN_DGEX_FUZZ a hundred of each kind, the same in every run. With it as many as it says,
others in every run: a failure prints the line that repeats it.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

VARIABLE = "SKLEARN_DGEX_FUZZ"
N_EXAMPLES = int(os.environ.get(VARIABLE) or 100)


def fuzz_settings(**options) -> settings:
    """Hypothesis' settings of a fuzz test."""
    return settings(
        **{
            "max_examples": N_EXAMPLES,
            "derandomize": VARIABLE not in os.environ,
            "database": None,
            "deadline": None,  # fuzz_oracle has its own, which a first compilation does not break
            "print_blob": True,
            "suppress_health_check": list(HealthCheck),
            **options,
        }
    )
