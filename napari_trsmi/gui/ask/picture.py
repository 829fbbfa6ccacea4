"""A figure of matplotlib in the window, drawn in a thread and as wide as there is room."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QImage, QPixmap, QResizeEvent
from qtpy.QtWidgets import QLabel, QScrollArea

from napari_trsmi.gui.ask.job import AskJob
from napari_trsmi.gui.jobs.jobs import run_long

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from napari_trsmi.gui.session.session import Session

DPI = 100
LETTERS = 7.5  # points that letters have at least on the screen
DRAWING = "Drawing…"
_SETTLED_MS = 100  # without another width, after which a figure is drawn again
Draw = Callable[[float], "Figure"]


class Picture(QScrollArea):
    """What a function draws, given a width in inches: the last that was asked for, again where the width changes."""

    def __init__(self, session: Session, name: str) -> None:
        super().__init__()
        self.session = session
        self._job: AskJob | None = None
        self._draw: Draw | None = None
        self._drawn_for = 0  # pixels of width
        self._ink = "#000000"
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(_SETTLED_MS)
        self._again.timeout.connect(self._redraw)
        self.picture = QLabel()
        self.picture.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter)
        self.picture.setAccessibleName(name)
        self.picture.setTextFormat(Qt.TextFormat.PlainText)
        self.picture.setWordWrap(True)
        self.setWidget(self.picture)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(90)

    def show_text(self, text: str) -> None:
        """Show a sentence in place of a figure."""
        self._drop()
        self._draw = None
        self.picture.setPixmap(QPixmap())
        self.picture.setText(text)

    def set_text_color(self, color: str) -> None:
        """Draw in the text colour of the theme, on the ground of the dock."""
        self._ink = color
        if self._draw is not None:
            self.show_figure(self._draw)

    def show_figure(self, draw: Draw) -> None:
        """Draw in a thread; what is asked for later comes instead."""
        self._drop()
        ratio, self._draw, self._drawn_for = self.devicePixelRatioF(), draw, self._room()
        if self.picture.pixmap().isNull():  # else the figure before stays until then
            self.picture.setText(DRAWING)
        width, ink = self._drawn_for / DPI, self._ink
        self._job = AskJob(lambda: _pixels(draw, width, ratio, ink))
        self.destroyed.connect(self._job.drop)
        run_long(self.session, "Drawing", self._job, self._on_drawn, self._on_failed)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Draw again for another width: a tab that was never in front does not know its own yet."""
        super().resizeEvent(event)
        if self._draw is not None and self._room() != self._drawn_for:
            self._again.start()

    def _redraw(self) -> None:
        if self._draw is not None and self._room() != self._drawn_for:
            self.show_figure(self._draw)

    def _room(self) -> int:
        bar: Any = self.verticalScrollBar()  # there is room for it, whether it is needed or not
        return max(200, self.width() - bar.sizeHint().width() - 8)

    def _drop(self) -> None:
        if self._job is not None:
            self._job.drop()
            self.destroyed.disconnect(self._job.drop)
            self._job = None

    def _on_drawn(self, job: AskJob, found: tuple[bytes, int, int] | None) -> None:
        if found is not None:
            pixels, wide, high = found
            image = QPixmap.fromImage(QImage(pixels, wide, high, QImage.Format.Format_RGBA8888).copy())
            image.setDevicePixelRatio(self.devicePixelRatioF())
            self.picture.setPixmap(image)
        self._drop()

    def _on_failed(self, job: AskJob, sentence: str) -> None:
        self.show_text(sentence)


def _pixels(draw: Draw, width: float, ratio: float, ink: str) -> tuple[bytes, int, int]:
    """Return a figure as red, green, blue and opacity, and how wide and high it is."""
    figure = draw(width)
    _for_screen(figure, ink)
    figure.set_dpi(DPI * ratio)
    canvas: Any = figure.canvas
    canvas.draw()
    wide, high = canvas.get_width_height()
    return bytes(canvas.buffer_rgba()), wide, high


def _for_screen(figure: Figure, ink: str) -> None:
    """Give a figure no ground of its own, lines in a colour that is seen on that of the dock, and letters to read."""
    from matplotlib.collections import PathCollection
    from matplotlib.colors import to_hex
    from matplotlib.lines import Line2D
    from matplotlib.text import Text

    figure.patch.set_alpha(0)
    for axes in figure.axes:
        axes.patch.set_alpha(0)
        axes.tick_params(color=ink, labelcolor=ink, labelsize=LETTERS)
        dots = [one for one in axes.collections if isinstance(one, PathCollection)]
        edges: list[Any] = [*axes.spines.values(), *dots]
        for edge in edges:
            edge.set_edgecolor(ink)
        for line in axes.lines:
            if isinstance(line, Line2D) and to_hex(line.get_color()) == "#000000":
                line.set_color(ink)
    for text in figure.findobj(Text):
        text.set_color(ink)
        text.set_fontsize(max(text.get_fontsize(), LETTERS))
