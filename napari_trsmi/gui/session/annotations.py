"""The columns that a person makes, beside those of the file: named regions, and groups brought from other programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_trsmi.data.own_columns import drop_column, put_column
from napari_trsmi.gui.session.deeds import Deed, Deeds

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.gui.session.state import OpenSection

    State = tuple[pd.Categorical | None, dict[str, str]]


class Annotations:
    """Columns of one's own of the open section: they are in ``dataset.obs``, so whatever takes a column takes them.

    Signals
    -------
    changed(str)
        A column of this name of the open section is new, other or gone.
    brought(str)
        A column of this name was just brought in from a file.
    """

    changed = Signal(str)
    brought = Signal(str)

    def __init__(self, section: Callable[[], OpenSection | None], deeds: Deeds | None = None) -> None:
        self._section, self._deeds = section, deeds or Deeds()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, oldest first."""
        section = self._section()
        return () if section is None else section.own_columns

    def put(self, name: str, values: pd.Categorical, colors: Mapping[str, str] | None = None, what: str = "") -> None:
        """Add a column, or replace it where it is one's own; it can be undone.

        Parameters
        ----------
        name
            A name that no column of the file has.
        values
            (N,) a name per spot, missing for none.
        colors
            {name: ``"#rrggbb"``} of those that are not to keep theirs.
        what
            What it is called after "Undo"; the name of the column where not given.

        Raises
        ------
        DataError
            A column of the file has that name.
        """
        section = self._section()
        if section is not None:
            before = _state(section, name)
            self._set(section, name, values, colors or {})
            self._note(section, name, before, what)

    def drop(self, name: str, what: str = "") -> None:
        """Remove a column of one's own; it can be undone."""
        section = self._section()
        if section is not None and name in section.own_columns:
            before = _state(section, name)
            self._set(section, name, None, {})
            self._note(section, name, before, what or f"removal of column {name}")

    def _set(self, section: OpenSection, name: str, values: pd.Categorical | None, colors: Mapping[str, str]) -> None:
        dataset = section.dataset
        if values is None:
            drop_column(dataset, name)
            section.unkept.pop(name, None)
        else:
            known = {**dataset.own_columns.get(name, {}), **colors}
            put_column(dataset, name, values, fresh_colors(section, [str(one) for one in values.categories], known))
            section.unkept[name] = values
        if section is self._section():
            self.changed.emit(name)

    def _note(self, section: OpenSection, name: str, before: State, what: str) -> None:
        after = _state(section, name)
        undo, redo = (partial(self._set, section, name, *state) for state in (before, after))
        self._deeds.add(Deed(what or f"column {name}", undo, redo))


def fresh_colors(section: OpenSection, names: Sequence[str], known: Mapping[str, str]) -> dict[str, str]:
    """Return {name: colour}: those that are known, for others such as no domain of the section has."""
    from napari_trsmi.domains.colors import colors_for

    domains = () if section.result is None else section.result.palette
    return colors_for(names, known, (*domains, *(() if section.run is None else section.run.colors)))


def written_columns(section: OpenSection, names: Sequence[str] | None = None) -> Callable[[], None]:
    """Return what to call once columns of a section, as they are now, are on file; all where no names are given."""
    now = {name: one for name, one in section.unkept.items() if names is None or name in names}

    def keep() -> None:
        section.unkept = {name: one for name, one in section.unkept.items() if one is not now.get(name)}

    return keep


def _state(section: OpenSection, name: str) -> State:
    """Return the values and colours of a column, None and nothing where it is not there."""
    dataset = section.dataset
    if name not in dataset.own_columns:
        return None, {}
    return dataset.obs[name].array, dict(dataset.own_columns[name])
