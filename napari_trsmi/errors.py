"""The errors a person can cause; each message says what was expected, what was found and what to do.

``TrsmiError`` is deliberately no ``RuntimeError``: generator workers of Qt swallow those silently.
"""

from __future__ import annotations

import re
import reprlib
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pydantic import ValidationError

_LISTED = 20  # names in a sentence
_SHOWN = 80  # characters of a wrong name or value in a sentence
_TOLD = 3  # problems of one config that are named


class TrsmiError(Exception):
    """Any failure that one sentence can explain to the person who caused it.

    Attributes
    ----------
    plain
        What is the matter, as anybody would say it: the first words in the window; "" where the sentence will do.
    """

    plain: str = ""

    def saying(self, plain: str) -> Self:
        """Return the error with its first words.

        Examples
        --------
        >>> DataError("Expected content, found none.").saying("The file is empty.").plain
        'The file is empty.'
        """
        self.plain = plain.strip()
        return self


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
        self.kind, self.names, self.where = kind, tuple(map(str, names)), where
        shown = ", ".join(map(repr, self.names[:_LISTED]))
        more = f" and {len(self.names) - _LISTED} more" if len(self.names) > _LISTED else ""
        column = re.fullmatch(r"obs\['([^']+)'\]", where)  # one alone tells all of them apart
        by = "barcodes" if where == "the barcodes" else column[1] if column else ""
        together = f", or train all as a study (--section-column {shlex.quote(by)})" if by else ""
        self.column = column[1] if column else ""
        if self.column:  # conditions, cells of two animals and the like may be mixed in one section
            together += f"; if it is one section all the same, take {self.column!r} out of obs"
        super().__init__(
            f"Expected one tissue section, found the {kind} [{shown}]{more}{where and f' in {where}'}. "
            f"Choose one with library= (--library on the command line){together}."
        )


class ConfigError(TrsmiError):
    """A setting, or a combination of settings, does not fit the data."""


class TrainingError(TrsmiError):
    """Training could not go on (loss not finite, out of memory, unusable device)."""


KNOWN_SETTINGS = "; see `trsmi fit --help` for those there are"
_PLAIN = {  # what pydantic says in words of programs
    "int_parsing": "Expected a whole number",
    "int_from_float": "Expected a whole number",
    "int_type": "Expected a whole number",
    "float_parsing": "Expected a number",
    "float_type": "Expected a number",
    "bool_parsing": "Expected true or false",
    "bool_type": "Expected true or false",
}


def explained(error: ValidationError) -> str:
    """Return one sentence per problem of settings, three at most: where, what is wrong, what was found."""
    parts = []
    problems = error.errors(include_url=False)
    for problem in problems[:_TOLD]:
        where = " ".join(".".join(str(part) for part in problem["loc"]).split())[:_SHOWN] or "config"
        if problem["type"] == "extra_forbidden":
            parts.append(f"There is no setting {where}{KNOWN_SETTINGS}.")
        else:
            message = _PLAIN.get(problem["type"], problem["msg"].removeprefix("Value error, "))
            found = "" if ", found " in message else f", found {reprlib.repr(problem['input'])}."
            parts.append(f"{where}: {message}{found}")
    if len(problems) > _TOLD:
        parts.append(f"There are {len(problems) - _TOLD} more such problems.")
    return " ".join(parts)
