"""Readers and writers of expression files, one format a module."""
