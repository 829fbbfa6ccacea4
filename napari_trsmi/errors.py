"""The errors a person can cause; each message says what was expected, what was found and what to do.

``TrsmiError`` is deliberately no ``RuntimeError``: generator workers of Qt swallow those silently.
"""

from collections.abc import Sequence

_LISTED = 20  # names in a sentence


class TrsmiError(Exception):
    """Any failure that one sentence can explain to the person who caused it."""


class DataError(TrsmiError):
    """A file or an object in memory cannot be used as it is."""


class ChoiceError(DataError):
    """The data hold several sections, and which of them to take was not said; `names` are those there are.

    Parameters
    ----------
    kind
        What they are, in the plural, such as ``"libraries"``.
    names
        What opens them with ``library=``.
    where
        What tells them apart, such as ``"obs['batch']"``; may be empty.
    """

    def __init__(self, kind: str, names: Sequence[str], where: str = "") -> None:
        self.names = tuple(map(str, names))
        shown = ", ".join(map(repr, self.names[:_LISTED]))
        more = f" and {len(self.names) - _LISTED} more" if len(self.names) > _LISTED else ""
        super().__init__(
            f"Expected one tissue section, found the {kind} [{shown}]{more}{where and f' in {where}'}. "
            "Choose one with library= (--library on the command line)."
        )


class ConfigError(TrsmiError):
    """A setting, or a combination of settings, does not fit the data."""


class TrainingError(TrsmiError):
    """Training could not go on (loss not finite, out of memory, unusable device)."""
