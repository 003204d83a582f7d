"""The commands, one a file: what each takes, and what it hands on to."""

from sklearn_dgex._commands import cluster, convert, demo, evaluate, fit, infer, info

COMMANDS = (fit, infer, evaluate, cluster, convert, info, demo)

__all__ = ["COMMANDS"]
