"""A tour of six steps on the sample, which points at the real controls and never stands in the way."""
