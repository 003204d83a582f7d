"""Checkpoints: a fit that is ended goes on from them as if it had never been."""
