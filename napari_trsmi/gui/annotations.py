"""The columns that a person makes, beside those of the file: named regions, and groups brought from other programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_trsmi.data.own_columns import drop_column, put_column

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.gui.deeds import Deeds
    from napari_trsmi.gui.state import OpenSection


class Annotations:
    """Columns of one's own of the open section: they are in ``dataset.obs``, so whatever takes a column takes them.

    Signals
    -------
    changed(str)
        A column of this name of the open section is new, other or gone.
    """

    changed = Signal(str)

    def __init__(self, section: Callable[[], OpenSection | None]) -> None:
        self._section = section

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, oldest first."""
        section = self._section()
        return () if section is None else section.own_columns

    def put(
        self,
        name: str,
        values: pd.Categorical,
        colors: Mapping[str, str] | None = None,
        section: OpenSection | None = None,
    ) -> None:
        """Add a column, or replace it where it is one's own.

        Parameters
        ----------
        name
            A name that no column of the file has.
        values
            (N,) a name per spot, missing for none.
        colors
            {name: ``"#rrggbb"``} of those that are not to keep theirs.
        section
            The open one where not given.

        Raises
        ------
        DataError
            A column of the file has that name.
        """
        section = section or self._section()
        if section is None:
            return
        from napari_trsmi.domains.colors import colors_for

        known = {**section.dataset.own_columns.get(name, {}), **(colors or {})}
        put_column(section.dataset, name, values, colors_for([str(one) for one in values.categories], known))
        self._tell(name, section)

    def drop(self, name: str, section: OpenSection | None = None) -> None:
        """Remove a column of one's own."""
        section = section or self._section()
        if section is None or name not in section.own_columns:
            return
        drop_column(section.dataset, name)
        self._tell(name, section)

    def do(
        self, deeds: Deeds, what: str, name: str, values: pd.Categorical | None, colors: Mapping[str, str] | None = None
    ) -> None:
        """Put a column, or drop it where `values` is None, as something that can be undone.

        Parameters
        ----------
        what
            What it is called after "Undo".

        Raises
        ------
        DataError
            As for `put`.
        """
        from napari_trsmi.gui.deeds import Deed

        section = self._section()
        if section is None:
            return
        dataset = section.dataset

        def now() -> tuple[pd.Categorical | None, dict[str, str]]:
            there = name in dataset.own_columns
            return (dataset.obs[name].array, dict(dataset.own_columns[name])) if there else (None, {})

        def make(state: tuple[pd.Categorical | None, dict[str, str]]) -> None:
            if state[0] is None:
                self.drop(name, section)
            else:
                self.put(name, *state, section)

        before = now()
        if values is None:
            self.drop(name, section)
        else:
            self.put(name, values, colors, section)
        after = now()
        deeds.add(Deed(what, lambda: make(before), lambda: make(after)))

    def _tell(self, name: str, section: OpenSection) -> None:
        if section is self._section():
            self.changed.emit(name)
