"""How a table in text is laid out: its encoding, separator and decimal mark, judged by its first lines."""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # as spreadsheets write what they call Unicode text
_COMMA = re.compile(r"\s*[\"']?-?\d+,(\d+)[\"']?\s*")  # 10,5
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?(?:e[-+]?\d+)?", re.IGNORECASE)
_THOUSANDS = 3  # digits after each comma, where that may stand for something else
_TYPES = "TYPE"  # of the line below the header in files of the Single Cell Portal
_SAMPLE = 200


class Text(NamedTuple):
    """A table in text.

    Attributes
    ----------
    lines
        The first, of the header and of the rows, as many as can be read.
    separator, decimal, encoding
        As pandas calls them.
    skipped
        Numbers of lines that are no rows.
    """

    lines: list[str]
    separator: str
    decimal: str
    encoding: str
    skipped: tuple[int, ...]

    @property
    def is_headless(self) -> bool:
        """Whether the first line is one of a name and two numbers, without headings, as of positions of beads."""
        first = self.fields(0) if self.lines else []
        return len(first) == 3 and all(_NUMBER.fullmatch(field) for field in first[1:])

    @property
    def reading(self) -> dict[str, Any]:
        """What `pandas.read_csv` is told."""
        return {
            "sep": self.separator,
            "decimal": self.decimal,
            "encoding": self.encoding,
            "encoding_errors": "replace",
            "skiprows": list(self.skipped) or None,
            "skipinitialspace": True,
        }

    def fields(self, line: int) -> list[str]:
        """Return what stands in a line, without quotes."""
        return [field.strip().strip("\"'") for field in self.lines[line].rstrip("\r\n").split(self.separator)]


def look_at(path: Path) -> Text:
    """Return how the text at `path` is laid out; there are no lines where it cannot be read."""
    lines: list[str] = []
    read = gzip.open if path.suffix.lower() == ".gz" else open
    encoding = "utf-8-sig"
    try:
        with read(path, "rb") as file:
            encoding = "utf-16" if file.read(2) in _UTF_16 else encoding
        with read(path, "rt", encoding=encoding, errors="replace") as file:
            lines += islice(file, _SAMPLE)
    except (OSError, EOFError, ValueError):  # what came before the end tells what it is
        pass
    numbered = [(number, line) for number, line in enumerate(lines) if line.strip()]
    separator = max("\t,; ", key=numbered[0][1].count) if numbered else ","
    types = len(numbered) > 1 and numbered[1][1].split(separator, 1)[0].strip() == _TYPES
    skipped = (numbered.pop(1)[0],) if types else ()
    lines = [line for _, line in numbered]
    return Text(lines, separator, _decimal(lines[1:], separator), encoding, skipped)


def _decimal(rows: Sequence[str], separator: str) -> str:
    """Return the mark before decimals: a comma where numbers have one that separates neither columns nor thousands."""
    if separator == ",":
        return "."
    found = (_COMMA.fullmatch(field) for row in rows for field in row.split(separator))
    digits = {len(match[1]) for match in found if match}
    return "," if digits - {_THOUSANDS} else "."
