"""The errors a person can cause; each message says what was expected, what was found and what to do.

``TrsmiError`` is deliberately no ``RuntimeError``: generator workers of Qt swallow those silently.
"""

from collections.abc import Sequence


class TrsmiError(Exception):
    """Any failure that one sentence can explain to the person who caused it."""


class DataError(TrsmiError):
    """A file or an object in memory cannot be used as it is."""


class ChoiceError(DataError):
    """The data hold several sections, and which of them to take was not said; `names` are those there are."""

    def __init__(self, kind: str, names: Sequence[str]) -> None:
        self.names = tuple(names)
        super().__init__(f"Expected one tissue section, found the {kind} {list(names)}. Choose one with library=.")


class ConfigError(TrsmiError):
    """A setting, or a combination of settings, does not fit the data."""


class TrainingError(TrsmiError):
    """Training could not go on (loss not finite, out of memory, unusable device)."""
