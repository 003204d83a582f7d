"""Training of one network by several processes, each of which learns from a part of a batch."""
