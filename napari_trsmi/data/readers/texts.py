"""How a table in text is laid out: its encoding, separator and decimal mark, judged by its first lines."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # as spreadsheets write what they call Unicode text
_COMMA = re.compile(r"\s*[\"']?-?\d+,(\d+(?:e[-+]?\d+)?)[\"']?\s*", re.IGNORECASE)  # 10,5 and 1,05e+01
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?(?:e[-+]?\d+)?", re.IGNORECASE)
_THOUSANDS = 3  # digits after each comma, where that may stand for something else
_SEPARATOR = re.compile(r"\"?sep=(.)\"?\s*", re.IGNORECASE)  # the first line of what spreadsheets are told
_ESCAPED = re.compile("[\udc80-\udcff]")  # bytes that are no UTF-8
_MARKS = "\t,;"
_TYPES = re.compile(r"TYPE(\s+(group|numeric))+")  # the line below the header in files of the Single Cell Portal
_SAMPLE = 200
UNNAMED = -1  # in place of the column of names


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
    packed
        Whether it is gzipped, whatever it is called: browsers unpack files and leave their names.
    """

    lines: list[str]
    separator: str
    decimal: str
    encoding: str
    skipped: tuple[int, ...]
    packed: bool = False

    @property
    def is_headless(self) -> bool:
        """Whether the first line is one of a name and two numbers, without headings, as of positions of beads."""
        first = self.fields(0) if self.lines else []
        return len(first) == 3 and all(_NUMBER.fullmatch(field) for field in first[1:])

    @property
    def ends_in_separators(self) -> bool:
        """Whether each row ends in a separator that the header lacks."""
        rows = [line.rstrip("\r\n") for line in self.lines[1:]]
        return all(row.endswith(self.separator) for row in rows) and len(self.fields(1)) == len(self.fields(0)) + 1

    @property
    def is_named(self) -> bool:
        """Whether the header names the first column too, which R leaves out."""
        return len(self.fields(0)) == len(self.fields(1)) or self.ends_in_separators

    @property
    def reading(self) -> dict[str, Any]:
        """What `pandas.read_csv` is told."""
        return {
            "sep": self.separator,
            "decimal": self.decimal,
            "encoding": self.encoding,
            "encoding_errors": "replace",
            "compression": "gzip" if self.packed else None,
            "skiprows": list(self.skipped) or None,
            "skipinitialspace": True,
        }

    def fields(self, line: int) -> list[str]:
        """Return what stands in a line, without quotes."""
        text = self.lines[line].rstrip("\r\n")
        try:
            fields = next(csv.reader([text], delimiter=self.separator, skipinitialspace=True), [])
        except csv.Error:  # no end of a quote, or a field too long for it
            fields = text.split(self.separator)
        return [field.strip().strip("\"'") for field in fields]

    def rows(self, path: Path, position: int | None, **options: Any) -> Any:
        """Return what `pandas.read_csv` returns, rows by their names in the column at `position`.

        None is for a header that is shorter than the rows, whose first column are the names; rows that no column
        names, as `UNNAMED` says, are numbered from 1.
        """
        import pandas as pd

        at = position or 0
        how: dict[str, Any] = {"converters": {at: "={}".format}}  # with a sign before them NA and True stay names
        if position is None:
            heads = pd.read_csv(path, nrows=0, **self.reading).columns
            how |= {"header": 0, "names": ["", *heads]}
        else:
            how["index_col"] = False
        if position == UNNAMED:
            del how["converters"]

        def named(table: pd.DataFrame) -> pd.DataFrame:
            if position == UNNAMED:
                return table.rename(index=lambda row: str(row + 1), columns=lambda column: str(column).strip())
            table = table.set_index(table.columns[at])
            return table.rename(index=lambda name: name[1:], columns=lambda column: str(column).strip())

        tables = pd.read_csv(path, **how, **options, **self.reading)
        return named(tables) if isinstance(tables, pd.DataFrame) else map(named, tables)


def look_at(path: Path) -> Text:
    """Return how the text at `path` is laid out; there are no lines where it cannot be read."""
    lines: list[str] = []
    packed, encoding = False, "utf-8-sig"
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        read = gzip.open if packed else open
        with read(path, "rb") as file:
            encoding = "utf-16" if file.read(2) in _UTF_16 else encoding
        errors = "replace" if encoding == "utf-16" else "surrogateescape"
        with read(path, "rt", encoding=encoding, errors=errors) as file:
            lines += islice(file, _SAMPLE)
    except (OSError, EOFError, ValueError):  # what came before the end tells what it is
        pass
    if encoding != "utf-16" and any(map(_ESCAPED.search, lines)):  # no UTF-8: as Windows wrote before it, µm of QuPath
        encoding = "cp1252"
        lines = [line.encode("utf-8", "surrogateescape").decode(encoding, "replace") for line in lines]
    numbered = [(number, line) for number, line in enumerate(lines) if line.strip()]
    told, separator = _before_header([line for _, line in numbered])
    skipped = tuple(number for number, _ in numbered[:told])
    numbered = numbered[told:]
    types = len(numbered) > 1 and _TYPES.fullmatch(numbered[1][1].replace(separator, " ").strip()) is not None
    skipped += (numbered.pop(1)[0],) if types else ()
    lines = [line for _, line in numbered]
    return Text(lines, separator, _decimal(lines[1:], separator), encoding, skipped, packed)


def _before_header(lines: Sequence[str]) -> tuple[int, str]:
    """Return how many lines are remarks in front of the header, or name the separator, and the separator.

    A header may begin with the mark of a remark too: numbers follow it at once.
    """
    first = next((number for number, line in enumerate(lines) if not line.startswith("#")), 0)
    if lines and (told := _SEPARATOR.fullmatch(lines[first])):
        return first + 1, told[1]
    remarks = first
    following = lines[remarks + 1 : remarks + 3]
    if len(following) == 2 and _is_title(lines[remarks], following[0]) and _is_table(following):
        return remarks + 1, _separator(following)  # a title
    separator = _separator(lines[remarks : remarks + 2])
    if remarks:
        fields = lines[remarks].split(separator)
        measured = any(_NUMBER.fullmatch(field.strip()) for field in fields[1:])
        remarks -= measured and abs(lines[remarks - 1].count(separator) + 1 - len(fields)) <= 1
    return remarks, separator


def _is_title(line: str, following: str) -> bool:
    """Return whether a line has no columns: neither marks, nor blanks as many as the next one has."""
    in_blanks = line.count(" ") > 1 and abs(line.count(" ") - following.count(" ")) <= 1  # R may write 1,5 2,5
    return not in_blanks and not any(mark in line for mark in _MARKS)


def _is_table(lines: Sequence[str]) -> bool:
    """Return whether lines have the same number of one separator, for three columns or more."""
    return any(lines[0].count(mark) == lines[1].count(mark) > 1 for mark in _MARKS)


def _separator(lines: Sequence[str]) -> str:
    """Return what separates the columns of a header and the first row: blanks where both have nothing else."""
    if not lines:
        return ","
    marks = [mark for mark in _MARKS if all(mark in line for line in lines)] or "\t,; "
    return max(marks, key=lines[0].count)


def _decimal(rows: Sequence[str], separator: str) -> str:
    """Return the mark before decimals: a comma where numbers have one that separates neither columns nor thousands."""
    if separator == ",":
        return "."
    found = (_COMMA.fullmatch(field) for row in rows for field in row.split(separator))
    digits = {len(match[1]) for match in found if match}
    return "," if digits - {_THOUSANDS} else "."
