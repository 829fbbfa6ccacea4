"""Spatial domains from spatial multi-omics."""

__version__ = "0.1.0"
