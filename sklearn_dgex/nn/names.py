"""What the parameters of networks may be called: plain words, to be checked without torch."""

ACTIVATION_NAMES = ("sigmoid", "tanh", "relu", "silu", "gelu", "identity")
NOISES = ("masking", "gaussian", "salt_and_pepper")
RECONNECTIONS = ("neighbour", "spread")
