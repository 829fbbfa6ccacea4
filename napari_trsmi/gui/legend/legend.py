"""The legend below the canvas: the domains that are shown, and the key to what colours the spots."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

from napari import Viewer
from qtpy.QtCore import QEvent, QObject, QPoint, QSize, Qt
from qtpy.QtGui import QColor, QResizeEvent
from qtpy.QtWidgets import (
    QBoxLayout,
    QColorDialog,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_trsmi import edits
from napari_trsmi.gui.controls.undo_button import UndoButton
from napari_trsmi.gui.jobs.attempt import Attempt
from napari_trsmi.gui.jobs.jobs import run_job
from napari_trsmi.gui.jobs.ready import ready_of
from napari_trsmi.gui.legend.color_key import ColorKey
from napari_trsmi.gui.legend.domain_list import HELP, DomainList
from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.placed import set_seen
from napari_trsmi.gui.widgets.plain import Label, shortened
from napari_trsmi.plural import many
from napari_trsmi.reviews import lost_by_merge

if TYPE_CHECKING:
    from napari_trsmi.data.result import Result

NARROW = 400  # pixels
LOWEST = 56  # pixels; two rows of domains
SHARE = 0.25  # of the height: as much as it asks for at least

STYLE = """
Legend, Legend > QWidget, ChipList, DomainList {{ background: {background}; }}
Legend QLabel {{ color: {text}; background: transparent; }}
ChipList, DomainList {{ color: {text}; border: none; outline: none; }}
ChipList::item {{ padding: 1px 4px; border: 1px solid transparent; border-radius: 3px; }}
DomainList::item:hover {{ background: {hover}; }}
DomainList::item:selected {{ background: {selected}; color: {text}; }}
DomainList::item:focus {{ border: 1px solid {focus}; }}
DomainList QLineEdit {{ min-height: 0px; padding: 0px 2px; }}
"""


class Legend(QWidget):
    """Colour, name and count of the domains on the canvas, to hide, isolate, rename, recolour and merge them.

    It edits the kept result through the session, and is not there while there is nothing to explain.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session, self.wanted = session, True
        self.ask_color: Callable[[QColor], QColor] = self._ask_color
        self._merging = False
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.caption, self.list, self.key = Label(), DomainList(session), ColorKey(session)
        self.caption.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.caption.setContentsMargins(0, 3, 4, 0)
        self.domains = QWidget()
        self._row = QHBoxLayout(self.domains)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._row.addWidget(self.caption, 0, Qt.AlignmentFlag.AlignTop)
        self._row.addWidget(self.list, 1, Qt.AlignmentFlag.AlignTop)  # beside the caption also where there is more room
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 3, 6, 3)
        layout.setSpacing(2)
        top = QHBoxLayout()
        top.setSpacing(2)
        top.addWidget(self.domains, 1)
        self.undo_buttons = UndoButton(session, "undo", "↶"), UndoButton(session, "redo", "↷")
        for button in self.undo_buttons:
            button.setFixedSize(24, 22)
            button.setFlat(True)
            top.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(top)
        layout.addWidget(self.key)
        self.list.domains.renamed.connect(self.rename)
        self.list.menu_wanted.connect(self._open_menu)
        listen(
            self,
            (session.section_changed, self._update),
            (session.shown_changed, self._update),
            (session.hidden_changed, self._update),
            (session.coloring_changed, self._update),
            (session.parts.chosen_changed, self._update),
        )
        if session.canvas is not None:
            viewer = session.canvas.viewer
            listen(self, (viewer.events.theme, self._on_theme))
            self._paint(viewer.theme)
        self._update()

    @property
    def locked(self) -> str:
        """Why the domains cannot be edited now; empty where they can."""
        shown = self.session.shown
        if shown is not None and shown.title:
            return f"This is {shown.title[:1].lower()}{shown.title[1:]}. Show the result again to edit its domains."
        if shown is not None and shown.epoch is not None:
            return "This is a preview. Finish the run, or keep the preview, to edit its domains."
        if self._merging:
            return "Domains are being merged. Wait a moment."
        return "" if self.session.result is not None else "There are no domains yet. Run the training first."

    def set_wanted(self, wanted: bool) -> None:
        """Show the legend as long as there is something to explain, or never."""
        self.wanted = wanted
        self._update()

    def minimumSizeHint(self) -> QSize:
        """Ask for all rows where the canvas keeps most of the height, else for two: the canvas takes what it can."""
        center = self.parentWidget()
        share = 0 if center is None else round(SHARE * center.height())
        return QSize(super().minimumSizeHint().width(), max(LOWEST, min(self.sizeHint().height(), share)))

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Ask anew when there is more or less height."""
        if event is not None and event.type() == QEvent.Type.Resize and watched is self.parentWidget():
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Put the caption above the domains where the canvas is narrow."""
        super().resizeEvent(event)
        narrow = self.width() < NARROW
        self._row.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)

    # Edits

    def rename(self, k: int, name: str) -> None:
        """Give a domain of the result another name."""
        self._edit(lambda result: edits.rename(result, k, name))

    def recolor(self, k: int) -> None:
        """Ask for another colour of a domain of the result."""
        if not self.locked and self.session.result is not None:
            color = self.ask_color(QColor(self.session.result.palette[k]))
            if color.isValid():
                self._edit(lambda result: edits.recolor(result, k, color.name()))

    def merge(self, domains: list[int], into: int | None = None) -> None:
        """Make several domains of the result one, in a thread; it is called as `into`, else as the largest of them."""
        result = self.session.result
        if self.locked or result is None:
            return

        ready = ready_of(self.session)

        def work() -> Result:
            return edits.merge(result, domains, ready.get(result), into=into)

        def done(merged: Result) -> None:
            self._merging = False
            now = self.session.result
            if now is not result and now is not None and now.partition is result.partition:
                return self.merge(domains, into)  # a review, or the support, came meanwhile: merge what there is now
            if now is not result:
                self.session.told.emit("The domains changed while some were merged: nothing was merged.")
                return self._update()
            self.session.set_hidden(frozenset())  # numbers mean other domains now
            self.session.set_result(merged)
            if lost := lost_by_merge(result, merged):
                self.session.told.emit(lost)

        self._merging = True
        self._update()
        run_job(self.session, "Merging domains", work, done, self._on_failed, with_window=True)

    def _edit(self, edit: Callable[[Result], Result]) -> None:
        if self.locked or self.session.result is None:
            return
        with Attempt(self.session, "Editing"):
            self.session.set_result(edit(self.session.result))

    def _on_failed(self, _: str) -> None:
        self._merging = False
        self._update()

    def _ask_color(self, color: QColor) -> QColor:
        return QColorDialog.getColor(color, self, "Colour of the domain")

    # The menu

    def menu(self, k: int) -> QMenu:
        """Return the menu of one domain."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        names, hidden = self._names, self.session.hidden
        others = frozenset(range(len(names))) - {k}
        _add(menu, "Show" if k in hidden else "Hide", lambda: self.list.toggle(k))
        _add(menu, f"Show only {names[k]}", lambda: self.list.isolate(k), "" if hidden != others else "It is.")
        _add(menu, "Show all", lambda: self.session.set_hidden(frozenset()), "" if hidden else "All are shown.")
        menu.addSeparator()
        locked = self.locked
        _add(menu, "Rename", lambda: self.list.edit(self.list.domains.index(k)), locked)
        _add(menu, "Change colour…", lambda: self.recolor(k), locked)
        chosen = self.list.chosen
        few = "" if len(chosen) > 1 else "Choose several with Ctrl-click or Shift-click first."
        text = f"Merge the {len(chosen)} chosen" if len(chosen) > 1 else "Merge chosen"
        _add(menu, text, lambda: self.merge(chosen), locked or few)
        into = menu.addMenu(f"Merge {names[k]} into")
        assert into is not None
        into.setEnabled(not locked and bool(others))
        for other in sorted(others):
            _add(into, names[other], partial(self.merge, [k, other], other))
        return menu

    def _open_menu(self, k: int, where: QPoint) -> None:
        menu = self.menu(k)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(where)

    # What the session says

    @property
    def _names(self) -> tuple[str, ...]:
        return () if self.session.shown is None else self.session.shown.names

    def _update(self, _: object = None) -> None:
        shown, section = self.session.shown, self.session.section
        self.list.domains.show(shown, self.session.hidden, self.locked, section)
        self.list.setVisible(shown is not None)
        self.caption.setWordWrap(shown is None or bool(shown.title))  # a sentence must not widen the window
        if shown is None:
            self.caption.setText("No domains yet: press Run in the Train dock, or open a saved result.")
            self.caption.setToolTip("")
        else:
            preview = shown.epoch is not None
            caption = f"Preview, epoch {shown.epoch}" if preview else many(len(shown.names), "domain")
            counted = self.session.parts.counted
            whose = f"\nspots of {shortened(counted)}" if counted else ""
            self.caption.setMinimumWidth(0)
            if preview:  # as wide at every epoch: with another width domains may need another row, and the canvas jumps
                self.caption.setText(f"Preview, epoch 000{whose}")
                self.caption.setMinimumWidth(self.caption.sizeHint().width())
            self.caption.setText(f"{shown.title or caption}{whose}")
            about = f"<p>The numbers count the spots of {escape(counted)}.</p>" if counted else ""
            self.caption.setToolTip(f"{about}<p>{escape(self.locked) or HELP}</p>")
        set_seen(self, self.wanted and section is not None)  # from the start: the canvas keeps its size

    def _on_theme(self, event: Any) -> None:
        self._paint(event.value)

    def _paint(self, theme: str) -> None:
        """Take the colours of the canvas."""
        from napari.utils.theme import get_theme

        colors = get_theme(theme)
        self.setStyleSheet(
            STYLE.format(
                background=colors.canvas.as_hex(),
                text=colors.text.as_hex(),
                hover=colors.foreground.as_hex(),
                selected=colors.highlight.as_hex(),
                focus=colors.text.as_hex(),
            )
        )


def attach_legend(widget: QWidget, session: Session) -> Legend | None:
    """Return the legend below the canvas of the window that `widget` is in, made when first asked for.

    None where the widget is not in a main window.
    """
    window: QWidget | None = widget
    while window is not None and not isinstance(window, QMainWindow):
        window = window.parentWidget()
    center = None if window is None else window.centralWidget()
    layout = None if center is None else center.layout()
    if center is None or not isinstance(layout, QBoxLayout):
        return None
    legend = center.findChild(Legend)
    if not isinstance(legend, Legend):
        legend = Legend(session)
        layout.setDirection(QBoxLayout.Direction.TopToBottom)
        layout.setSpacing(0)
        layout.addWidget(legend)
        center.installEventFilter(legend)
    return legend


def toggle_legend(viewer: Viewer) -> None:
    """Show or hide the legend of a viewer."""
    legend = legend_of(viewer)
    if legend is not None:
        legend.set_wanted(not legend.wanted)


def legend_of(viewer: Viewer) -> Legend | None:
    """Return the legend of a viewer, made when first asked for."""
    probe = QWidget()  # docked for a moment, because a dock knows its window
    dock = viewer.window.add_dock_widget(probe, name="TRSMI legend", add_vertical_stretch=False)
    try:
        return attach_legend(probe, session_of(viewer))
    finally:
        viewer.window.remove_dock_widget(dock)
        probe.deleteLater()


def _add(menu: QMenu, text: str, do: Callable[[], Any], why_not: str = "") -> None:
    """Add an entry; one that cannot be chosen says why."""
    action = menu.addAction(text.replace("&", "&&"))
    assert action is not None
    action.triggered.connect(lambda *_: do())
    action.setEnabled(not why_not)
    action.setToolTip(why_not)
