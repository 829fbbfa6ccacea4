"""The columns that a person makes, beside those of the file: named regions, and groups brought from other programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_trsmi.gui.deeds import Deed, Deeds

if TYPE_CHECKING:
    import pandas as pd

    from napari_trsmi.gui.state import OpenSection


class Annotations:
    """Columns of one's own of the open section: they are in ``dataset.obs``, so whatever takes a column takes them.

    Signals
    -------
    changed(str)
        A column of this name is new, other or gone.
    """

    changed = Signal(str)

    def __init__(self, section: Callable[[], OpenSection | None], deeds: Deeds | None = None) -> None:
        self._section, self._deeds = section, deeds or Deeds()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, oldest first."""
        section = self._section()
        return () if section is None else section.own_columns

    def put(self, name: str, values: pd.Categorical) -> None:
        """Add a column, or replace it where it is one's own.

        Parameters
        ----------
        name
            A name that no column of the file has.
        values
            (N,) a name per spot, missing for none.
        """
        section = self._section()
        if section is None:
            return
        before = section.dataset.obs[name] if name in section.own_columns else None
        section.dataset.obs[name] = values
        if name not in section.own_columns:
            section.own_columns += (name,)
        self.changed.emit(name)
        self._deeds.add(
            Deed(
                f"column {name}",
                lambda: self.drop(name) if before is None else self.put(name, before),
                lambda: self.put(name, values),
            )
        )

    def drop(self, name: str) -> None:
        """Remove a column of one's own."""
        section = self._section()
        if section is None or name not in section.own_columns:
            return
        values = section.dataset.obs.pop(name)
        section.own_columns = tuple(one for one in section.own_columns if one != name)
        self.changed.emit(name)
        self._deeds.add(Deed(f"removal of column {name}", lambda: self.put(name, values), lambda: self.drop(name)))
