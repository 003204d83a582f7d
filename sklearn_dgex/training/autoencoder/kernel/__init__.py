"""Small autoencoders by compiled code: an epoch in the time of a torch step. Needs numba."""
