"""What speaks for the domains of one run, and what against them, found without training again."""

from napari_trsmi.evidence.support import SUPPORT, UNDECIDED, find_cuts, is_undecided, with_support

__all__ = ["SUPPORT", "UNDECIDED", "find_cuts", "is_undecided", "with_support"]
