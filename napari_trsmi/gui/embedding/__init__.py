"""The Embedding dock: the spots as the method sees them, linked with the tissue."""
