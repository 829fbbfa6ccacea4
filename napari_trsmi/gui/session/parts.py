"""Which sections of a study are drawn, where, and which one the docks speak about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

from napari_trsmi.gui.session.layout import Layout

if TYPE_CHECKING:
    from napari_trsmi.gui.session.state import OpenSection


class Parts:
    """The sections within the active study; of a single section there are none.

    What is hidden and chosen stays with the study, so that one comes back to it as it was.

    Attributes
    ----------
    study
        The active study or section; the session sets it.

    Signals
    -------
    hidden_changed(frozenset[int])
        Sections that are not drawn.
    chosen_changed(int | None)
        The section that the docks speak about; None for all.
    laid(Layout)
        The sections, or a single one, lie otherwise.
    """

    hidden_changed = Signal(object)
    chosen_changed = Signal(object)
    laid = Signal(object)

    def __init__(self) -> None:
        self.study: OpenSection | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the sections."""
        return () if self.study is None else self.study.dataset.section_names

    @property
    def hidden(self) -> frozenset[int]:
        """Numbers of the sections that are not drawn."""
        return frozenset() if self.study is None else self.study.hidden_parts

    @property
    def chosen(self) -> int | None:
        """Number of the section that the docks speak about; None for all."""
        return None if self.study is None else self.study.part

    @property
    def layout(self) -> Layout:
        """How the sections, or a single one, lie."""
        return Layout() if self.study is None else self.study.layout

    @property
    def ordered(self) -> tuple[int, ...]:
        """Numbers of the sections in the order in which they lie."""
        return self.layout.order_of(len(self.names))

    @property
    def name(self) -> str | None:
        """Name of the chosen section; None for all."""
        return None if self.chosen is None else self.names[self.chosen]

    @property
    def said(self) -> str:
        """What is added to a caption where the docks speak about one section; else empty."""
        return "" if self.name is None else f" in {self.name}"

    @property
    def counted(self) -> str:
        """Which sections numbers of spots are of, such as "s1" or "all 4 sections"; empty where there is one only."""
        return "" if len(self.names) < 2 else self.name or f"all {len(self.names)} sections"

    def lie(self, layout: Layout) -> None:
        """Let the sections, or a single one, lie so; what is known of them stays."""
        if self.study is not None and layout != self.layout:
            self.study.layout = layout
            self.laid.emit(layout)

    def hide(self, hidden: frozenset[int]) -> None:
        """Draw all sections but these."""
        if self.study is not None and hidden != self.hidden:
            self.study.hidden_parts = hidden
            self.hidden_changed.emit(hidden)

    def choose(self, number: int | None) -> None:
        """Let the docks speak about one section; None for all."""
        if self.study is not None and number != self.chosen:
            self.study.part = number
            self.chosen_changed.emit(number)
