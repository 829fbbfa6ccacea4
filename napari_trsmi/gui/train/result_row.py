"""The result in a line, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_trsmi.evidence import SUPPORT
from napari_trsmi.gui import anchors
from napari_trsmi.gui.train.nest_buttons import NestButtons
from napari_trsmi.gui.train.save_menu import save_menu
from napari_trsmi.gui.widgets.buttons import ARROW, text_button
from napari_trsmi.gui.widgets.listening import listen
from napari_trsmi.gui.widgets.placed import set_seen
from napari_trsmi.gui.widgets.plain import ElidingLabel, Label
from napari_trsmi.plural import many
from napari_trsmi.summary import remarks, remedies, spot_support_means, undecided, unlike

if TYPE_CHECKING:
    from napari_trsmi.gui.session.session import Session

TAKE_OUT = "Take it out"
TAKEN_OUT = (
    "Take what looks technical out of the measurements when the method runs again (Preprocessing, covariates). Tissue "
    "that changes in the same way goes with it."
)
CERTAIN = "Certainty of the model: mean over the spots of the probability of their own domain"


class ResultRow(QWidget):
    """Number of domains and mean support of the kept result, and the menu to save and share it.

    Until there is support it shows the certainty of the model. An undecided result is told as such.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.label, self.save_button = ElidingLabel(), QPushButton("Save")
        self.save_button.setToolTip("Write the domains into a copy of the section, make a figure, copy the settings")
        self.save_button.setObjectName(anchors.SAVE)
        self.save_button.setStyleSheet(ARROW)
        self.save_button.setMenu(save_menu(session, self))
        self.undecided = Label()
        self.undecided.setWordWrap(True)
        self.take_out = text_button(TAKE_OUT, TAKEN_OUT, self._take_out)
        row, layout = QHBoxLayout(), QVBoxLayout(self)
        self.nest = NestButtons(session)
        row.addWidget(self.label, 1)
        row.addWidget(self.nest)
        row.addWidget(self.save_button)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.undecided)
        layout.addWidget(self.take_out, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addLayout(row)
        listen(self, (session.section_changed, self._refresh), (session.result_changed, self._refresh))
        listen(self, (session.config_changed, self._refresh_offer))
        self._refresh()

    def set_colors(self, warning: str) -> None:
        """Take the colour of the theme."""
        self.undecided.setStyleSheet(f"color: {warning}")

    def _refresh(self, *_: Any) -> None:
        result = self.session.result
        set_seen(self, result is not None)
        if result is None:
            return
        n, certainty = result.partition.n_domains, f"{result.confidence.mean():.2f}"
        domains = many(n, "domain")
        device = result.provenance.get("device")
        emphasis = f"{result.partition.emphasis} emphasis"
        about = [f"{CERTAIN}: {certainty}", emphasis, f"trained on {device}" if device else ""]
        if SUPPORT in result.maps:
            self.label.setText(f"{domains}, support {result.maps[SUPPORT].mean():.2f}")
            about.insert(0, f"Support: {spot_support_means(result)}".rstrip("."))
        else:
            self.label.setText(f"{domains}, certainty {certainty}")
        self.label.setToolTip("; ".join(filter(None, about)))
        told = [unlike(result), undecided(result), *remarks(result, setting=False)]
        self.undecided.setText("\n".join(filter(None, told)))
        self.undecided.setVisible(bool(self.undecided.text()))
        self._refresh_offer()

    def _left_in(self) -> list[str]:
        """Return the covariates that take out what looks technical, and that the settings do not name yet."""
        result = self.session.result
        known = self.session.config.preprocess.covariates
        return [] if result is None else [name for name in remedies(result) if name not in known]

    def _refresh_offer(self, *_: Any) -> None:
        set_seen(self.take_out, bool(self._left_in()))

    def _take_out(self) -> None:
        config = self.session.config
        named = (*config.preprocess.covariates, *self._left_in())
        preprocess = config.preprocess.model_copy(update={"covariates": named})
        self.session.set_config(config.model_copy(update={"preprocess": preprocess}))
