"""Ask what to do with files that hold several sections: one study, or each by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from napari.qt import get_current_stylesheet
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QVBoxLayout,
    QWidget,
)

from napari_trsmi.gui.viewer.studies import distinct
from napari_trsmi.gui.widgets.named import NameList
from napari_trsmi.gui.widgets.plain import Label
from napari_trsmi.plural import many

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset

Answer = Literal["study", "apart", "none"]
_KEY = Qt.ItemDataRole.UserRole


class StudyPicker(QDialog):
    """The sections in the order in which they are going to lie; names and order can be changed.

    Attributes
    ----------
    answer
        What was chosen.
    """

    def __init__(self, sections: Mapping[str, Dataset], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.answer: Answer = "none"
        self.setWindowTitle("Several sections")
        self.setStyleSheet(get_current_stylesheet())
        self.sections = NameList()
        self.sections.setAccessibleName("Sections, from left to right")
        self.sections.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.sections.setToolTip("Drag to change the order, double click to rename")
        for name, section in sections.items():
            told = f"{many(section.n_spots, 'spot')} · {' · '.join(section.modalities)}"
            item = self.sections.add(name, told)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            item.setData(_KEY, name)
        self.sections.setCurrentRow(0)
        label = Label(f"These files hold {len(sections)} sections. In a study they are trained together, side by side.")
        label.setWordWrap(True)
        label.setBuddy(self.sections)
        buttons = QDialogButtonBox()
        self.study_button = buttons.addButton("One study", QDialogButtonBox.ButtonRole.AcceptRole)
        self.apart_button = buttons.addButton("Keep apart", QDialogButtonBox.ButtonRole.ActionRole)
        cancel = buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        for button, answer in ((self.study_button, "study"), (self.apart_button, "apart"), (cancel, "none")):
            assert button is not None
            button.clicked.connect(lambda *_, answer=answer: self._end(answer))
        layout = QVBoxLayout(self)
        for widget in (label, self.sections, buttons):
            layout.addWidget(widget)

    def order(self) -> dict[str, str]:
        """Return {given name: name as it was before}, from left to right."""
        items = [item for row in range(self.sections.count()) if (item := self.sections.item(row)) is not None]
        names = distinct([item.text().strip() or item.data(_KEY) for item in items])
        return dict(zip(names, (item.data(_KEY) for item in items), strict=True))

    def _end(self, answer: Answer) -> None:
        self.answer = answer
        self.done(0)


def choose(sections: Mapping[str, Dataset]) -> tuple[Answer, dict[str, Dataset]]:
    """Return what a person wants to do with sections, named and ordered as they like."""
    from qtpy.QtWidgets import QApplication

    picker = StudyPicker(sections, QApplication.activeWindow())
    picker.exec()
    answer, found = picker.answer, {name: sections[before] for name, before in picker.order().items()}
    picker.deleteLater()
    return answer, found
