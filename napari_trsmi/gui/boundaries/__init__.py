"""The Boundaries dock: boundaries in a list and on the tissue, a spot, maps and markers."""
