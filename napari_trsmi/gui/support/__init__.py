"""The support of a result, found beside the window after the result is shown."""
