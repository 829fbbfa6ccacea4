"""The Correct dock: what a person teaches, and training on with it."""
