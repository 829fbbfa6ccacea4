"""The Train dock: data, settings, the run, its previews, and saving the result."""
