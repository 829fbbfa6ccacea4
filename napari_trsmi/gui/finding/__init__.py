"""Find a feature of a section by its name."""
