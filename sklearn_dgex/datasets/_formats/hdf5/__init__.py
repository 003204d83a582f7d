"""HDF5 files that are not trusted."""
