"""The errors a person can cause; each message says what was expected, what was found and what to do.

``TrsmiError`` is deliberately no ``RuntimeError``: generator workers of Qt swallow those silently.
"""


class TrsmiError(Exception):
    """Any failure that one sentence can explain to the person who caused it."""


class DataError(TrsmiError):
    """A file or an object in memory cannot be used as it is."""


class ConfigError(TrsmiError):
    """A setting, or a combination of settings, does not fit the data."""


class TrainingError(TrsmiError):
    """Training could not go on (loss not finite, out of memory, unusable device)."""
