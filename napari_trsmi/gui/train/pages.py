"""Pages in one place of the dock: settings, course of training, number of domains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSize
from qtpy.QtWidgets import QSizePolicy, QTabWidget, QWidget

from napari_trsmi.gui.widgets.listening import listen

if TYPE_CHECKING:
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.train.live_plot import LivePlot
    from napari_trsmi.gui.train.number_panel import NumberPanel

SETTINGS, COURSE, NUMBER = range(3)
TITLES = (
    ("Settings", "All settings of a run"),
    ("Course", "Course of training: losses, and how much the domains still change"),
    ("Number", "How many domains there are, and which numbers are about as good"),
)


class Pages(QTabWidget):
    """Training turns to its course, and its end to the number of domains, unless a person looks at the settings.

    A page is there once it has something to show.
    """

    def __init__(self, session: Session, form: QWidget, course: LivePlot, number: NumberPanel) -> None:
        super().__init__()
        self.session, self.course, self.number = session, course, number
        self._follows = True  # False once a person went back to the settings while a run was shown
        self._turning = False  # to the course, as soon as it has begun
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setUsesScrollButtons(False)
        for at, (page, (title, tip)) in enumerate(zip((form, course, number), TITLES, strict=True)):
            self.addTab(page, title)
            self.setTabToolTip(at, tip)
        self.tabBarClicked.connect(self._on_clicked)
        listen(
            self,
            (session.section_changed, self._refresh),
            (session.run_changed, self._on_run),
            (session.stepped, self._refresh),
            (session.result_changed, self._refresh),
        )
        number.changed.connect(self._refresh)
        self._refresh()

    def hasHeightForWidth(self) -> bool:
        """Ask for no more where a line on a page wraps."""
        return False

    def sizeHint(self) -> QSize:
        """Ask for the room of the settings; a plot takes what there is."""
        return self.minimumSizeHint()

    def _on_clicked(self, page: int) -> None:
        if self.session.run is not None:
            self._follows = page != SETTINGS

    def _on_run(self, state: str) -> None:
        if state == "preparing":
            self._turning = self._follows
        self._refresh()

    def _refresh(self, *_: Any) -> None:
        training = self.session.run is not None
        there = {COURSE: not self.course.is_empty, NUMBER: not self.number.is_empty}
        before, new = self.currentIndex(), there[NUMBER] and not self.isTabVisible(NUMBER)
        for page, shown in there.items():
            self.setTabVisible(page, shown)
        if training and self._turning and there[COURSE]:
            self._turning = False
            self.setCurrentIndex(COURSE)
        elif before == COURSE and new and not training:
            self.setCurrentIndex(NUMBER)  # a person has seen the course by then
