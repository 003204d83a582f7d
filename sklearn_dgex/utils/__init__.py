"""Helpers of every room: gene names, validation, and scikit-learn's private names."""
