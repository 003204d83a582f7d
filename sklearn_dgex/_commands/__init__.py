"""The commands, one a file: what each takes, and what it hands on to."""

from sklearn_dgex._commands import cluster, demo

COMMANDS = (demo, cluster)

__all__ = ["COMMANDS"]
