"""Answers about what a person points at: what differs between two groups of spots, and what a domain is."""

from napari_trsmi.answers.description import Description, Suggestion, describe_domain
from napari_trsmi.answers.difference import Difference, differ
from napari_trsmi.answers.gene_sets import METHODS, enriched_sets, read_sets
from napari_trsmi.answers.groups import Group, Where, group_of

__all__ = [
    "METHODS",
    "Description",
    "Difference",
    "Group",
    "Suggestion",
    "Where",
    "describe_domain",
    "differ",
    "enriched_sets",
    "group_of",
    "read_sets",
]
