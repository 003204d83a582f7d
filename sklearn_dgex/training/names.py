"""What the parameters of a training may be called: plain words, to be checked without torch."""

LOSS_NAMES = ("absolute_error", "squared_error", "huber", "summed_squared_error")
PRECISIONS = ("auto", "float32", "tf32", "bfloat16")
SOLVERS = ("nadam", "sgd")
