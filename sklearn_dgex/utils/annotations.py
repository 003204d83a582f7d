"""Types of which checkers can know no more."""

from __future__ import annotations

from typing import Any, TypeAlias

# What the kind of the input decides, or ``set_output``: an array, or a frame or series of any
# library. A union of them would be refused wherever a caller knows which it is.
ArrayOrFrame: TypeAlias = Any
