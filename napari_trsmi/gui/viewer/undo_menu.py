"""The menu Edit of a window: what undo and redo would do, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtGui import QAction
from qtpy.QtWidgets import QMainWindow, QMenu

from napari_trsmi.gui.session.undoing import KEYS, Way, may_walk, told
from napari_trsmi.gui.widgets.listening import listen

if TYPE_CHECKING:
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.viewer.keys import WindowKeys

LONGEST = 48  # letters of a name in the menu


class UndoMenu(QMenu):
    """Undo and redo by name. The keys are those of `WindowKeys`, which leaves them to a field of text or a tool."""

    def __init__(self, window: QMainWindow, session: Session, keys: WindowKeys) -> None:
        super().__init__("&Edit", window)
        self.session = session
        self.actions_by_way: dict[Way, QAction] = {}
        ways: tuple[Way, Way] = ("undo", "redo")
        for way in ways:
            action = QAction(way.capitalize(), self)
            action.triggered.connect(lambda _=False, way=way: keys.walk(way))
            self.addAction(action)
            self.actions_by_way[way] = action
        bar: Any = window.menuBar()  # never None, whatever the types of one Qt binding say
        before = bar.actions()[1:2]
        bar.insertMenu(before[0] if before else None, self)
        listen(self, (session.deeds.changed, self._update), (session.run_changed, self._update))
        self._update()

    def _update(self, *_: Any) -> None:
        for way, action in self.actions_by_way.items():
            line = told(self.session, way)
            short = line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
            action.setText(f"{short.replace('&', '&&')}\t{KEYS[way]}")  # shown, and not bound a second time
            action.setToolTip(line)
            action.setEnabled(may_walk(self.session, way))
