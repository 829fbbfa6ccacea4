"""The regions of a column, and what a person does to them: no Qt, no viewer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal

from napari_trsmi.exchange.columns import free_name
from napari_trsmi.plural import many

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.gui.session.session import Session

COLUMN, REGION = "region", "Region"  # what a new column, and a new region with a number, is called


@dataclass(frozen=True)
class Row:
    """A region: its name, ``"#rrggbb"``, number of spots in the chosen section of a study, and in all of them."""

    name: str
    color: str
    n_spots: int
    n_all: int


class Regions:
    """The column of one's own that is worked on, and the region in it that what is drawn is added to.

    A spot is in one region of a column: what was added last has it. Every change can be undone.

    Signals
    -------
    changed()
        The column, its regions, or the chosen one is another.
    """

    changed = Signal()

    def __init__(self, session: Session) -> None:
        self.session = session
        self._column, self._region = "", ""
        session.annotations.changed.connect(self._on_annotations)
        session.annotations.brought.connect(self._on_brought)
        session.section_changed.connect(self._on_section)

    # What there is

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of one's own."""
        return self.session.annotations.names

    @property
    def column(self) -> str:
        """The column that is worked on, "" before there is one."""
        return self._column if self._column in self.columns else (self.columns[-1] if self.columns else "")

    @property
    def values(self) -> pd.Categorical | None:
        """(N,) region of each spot, None before there is a column."""
        dataset = self.session.dataset
        return None if dataset is None or not self.column else dataset.obs[self.column].array

    @property
    def rows(self) -> list[Row]:
        """The regions of the column."""
        values, dataset = self.values, self.session.dataset
        if values is None or dataset is None:
            return []
        spoken = None if self.session.section is None else self.session.section.spoken_of
        everywhere = _counts(values, slice(None))
        counts = everywhere if spoken is None else _counts(values, spoken)
        colors = dataset.own_columns[self.column]
        return [
            Row(str(name), colors[str(name)], int(here), int(all_of_it))
            for name, here, all_of_it in zip(values.categories, counts, everywhere, strict=True)
        ]

    @property
    def names(self) -> list[str]:
        """Names of the regions."""
        return [row.name for row in self.rows]

    @property
    def region(self) -> str:
        """The region that spots are added to; "" where there is none."""
        return self._region if self._region in self.names else (self.names[-1] if self.names else "")

    def choose(self, *, column: str | None = None, region: str | None = None) -> None:
        """Work on another column or region."""
        if column is not None:
            self._column, self._region = column, ""
        if region is not None:
            self._region = region
        self.changed.emit()

    # What a person does; names that are taken raise `DataError`

    def add(self, rows: np.ndarray) -> None:
        """Put spots into the chosen region; into a new one where there is none."""
        region = self.region or f"{REGION} 1"
        self._set(_with(self._now(), region, rows), f"adding {many(len(rows), 'spot')} to {region}")

    def erase(self, rows: np.ndarray) -> None:
        """Take spots out of the regions they are in."""
        values = self.values
        if values is not None and (rows := rows[values.codes[rows] >= 0]).size:
            codes = values.codes.copy()
            codes[rows] = -1
            self._set(_of(codes, self.names), f"erasing {many(len(rows), 'spot')}")

    def new_region(self) -> None:
        """Begin another region, to which spots are added from now on."""
        number = next(k for k in count(len(self.names) + 1) if f"{REGION} {k}" not in self.names)
        name = f"{REGION} {number}"
        self._region = name
        self._set(_with(self._now(), name, np.zeros(0, int)), f"new {name}")

    def new_column(self, name: str) -> None:
        """Begin another column.

        Raises
        ------
        DataError
            There is such a column.
        """
        from napari_trsmi.errors import DataError

        dataset = self.session.dataset
        if dataset is None:
            return
        if not name.strip() or name in dataset.obs or "/" in name:
            raise DataError(f"Expected a new name for a column, without '/', found {name!r}. Choose another name.")
        self._column, self._region = name, ""
        self.session.annotations.put(name, _of(np.full(dataset.n_spots, -1), []), what=f"new column {name}")

    def remove_column(self) -> None:
        """Remove the column that is worked on."""
        self.session.annotations.drop(self.column)

    def rename(self, old: str, new: str) -> None:
        """Give a region another name; where one has that name already, they become one."""
        values, dataset, names = self.values, self.session.dataset, self.names
        if values is None or dataset is None or old not in names or not new or new == old:
            return
        colors = dataset.own_columns[self.column]
        if new in names:
            codes = np.where(values.codes == names.index(old), names.index(new), values.codes)
            self._region = new
            self._set(_without(_of(codes, names), old), f"joining {old} to {new}")
            return
        self._region = new if self._region == old else self._region
        renamed = _of(values.codes, [new if name == old else name for name in names])
        self._set(renamed, f"renaming of {old} to {new}", {**colors, new: colors[old]})

    def recolor(self, name: str, color: str) -> None:
        """Give a region another colour."""
        values = self.values
        if values is not None and name in self.names:
            self._set(values, f"colour of {name}", {name: color})

    def remove(self, name: str) -> None:
        """Remove a region; its spots are in none."""
        values = self.values
        if values is not None and name in self.names:
            self._set(_without(values, name), f"removal of {name}")

    def _now(self) -> pd.Categorical:
        dataset = self.session.dataset
        assert dataset is not None
        return self.values if self.values is not None else _of(np.full(dataset.n_spots, -1), [])

    def _set(self, values: pd.Categorical, what: str, colors: dict[str, str] | None = None) -> None:
        dataset = self.session.dataset
        if dataset is not None:
            self._column = self.column or free_name(dataset, COLUMN)
            self.session.annotations.put(self._column, values, colors, what)

    def _on_annotations(self, name: str) -> None:
        self.changed.emit()

    def _on_brought(self, column: str) -> None:
        self.choose(column=column)

    def _on_section(self, _: Any) -> None:
        self._column = self._region = ""
        self.changed.emit()


def _counts(values: pd.Categorical, spots: np.ndarray | slice) -> np.ndarray:
    """Return how many of some spots are in each region."""
    codes = values.codes[spots]
    return np.bincount(codes[codes >= 0], minlength=len(values.categories))


def _of(codes: np.ndarray, names: list[str]) -> pd.Categorical:
    import pandas as pd

    return pd.Categorical.from_codes(codes, categories=pd.Index(names, dtype=object))


def _with(values: pd.Categorical, name: str, rows: np.ndarray) -> pd.Categorical:
    """Return regions with spots in one of them, which is new where it is not there."""
    names = [*map(str, values.categories)]
    names += [] if name in names else [name]
    codes = values.codes.astype(int)
    codes[rows] = names.index(name)
    return _of(codes, names)


def _without(values: pd.Categorical, name: str) -> pd.Categorical:
    """Return regions without one of them."""
    names = [*map(str, values.categories)]
    at = names.index(name)
    codes = values.codes.astype(int)
    codes = np.where(codes == at, -1, codes - (codes > at))
    return _of(codes, [one for one in names if one != name])
