"""A person who tries everything: random clicks, keys and text over all that a window of the plugin has."""

from __future__ import annotations

import gc
import sys
import time
import traceback
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from window import current, in_loop, put, settle

if TYPE_CHECKING:
    from napari import Viewer
    from qtpy.QtWidgets import QWidget

    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.gui.session.state import OpenSection

HANG = 2.0  # seconds of work of the window's thread without an answer
MOST = 300.0  # seconds that a job is waited for
LAST = 60.0  # seconds after the window was closed in which a thread must let go
PLUGIN = "napari-trsmi"
WORDS = ("1", "0", "-5", "12", "1e9", "CD3", "gene1", "B cells", "", "Ω μ 漢字", "a" * 60, "%s{}<b>", " ")
KEYS = ("K", "D", "R", "N", "Up", "Down", "Left", "Right", "Space", "Return", "Escape", "Tab", "Delete", "Backspace")
CHORDS = ("Z", "Y", "A", "S")  # with Ctrl
ACTS = {"control": 60, "train": 3, "canvas": 12, "key": 10, "layer": 6, "dock": 5, "section": 4, "command": 3}


@dataclass
class Walked:
    """What came of a walk.

    Attributes
    ----------
    steps
        Steps that were made.
    tracebacks, hangs, lost, leaked
        A text for each: errors that nobody caught, steps in which the window answered nothing for long, results that
        went without being deleted, what stayed after the window was closed.
    slowest
        Seconds of work during which the window answered nothing, of the slowest step.
    runs
        Results that came.
    """

    steps: int = 0
    tracebacks: list[str] = field(default_factory=list)
    hangs: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    slowest: float = 0.0
    runs: int = 0

    @property
    def bad(self) -> list[str]:
        """All that must not be."""
        return [*self.tracebacks, *self.hangs, *self.lost, *self.leaked]


class Walker:
    """Acts at random in the window of a viewer.

    Parameters
    ----------
    viewer
        A viewer in a window that is shown, with the docks of the plugin.
    datasets
        Makers of the sections that it opens.
    rng
        Decides.
    place
        Folder that files are saved into.
    """

    def __init__(
        self, viewer: Viewer, datasets: list[Callable[[], OpenSection]], rng: np.random.Generator, place: Path
    ) -> None:
        self.viewer, self.datasets, self.rng, self.place = viewer, datasets, rng, place
        self.session = current(viewer)
        self.done = "start"
        self.found = Walked()
        self.said: list[str] = []  # what the plugin told a person
        self._silent, self._answered = 0.0, time.thread_time()
        self._kept: dict[int, tuple[OpenSection, set[int]]] = {}

    # One step

    def step(self) -> None:
        """Do one thing and let the window answer."""
        names = list(ACTS)
        weights = np.array([ACTS[name] for name in names], float)
        name = names[self.rng.choice(len(names), p=weights / weights.sum())]
        began, self._silent, self._answered = time.perf_counter(), 0.0, time.thread_time()
        self.done = name
        try:
            getattr(self, f"_{name}")()
            settle()
        except Exception:
            self.found.tracebacks.append(f"{self.done}: {traceback.format_exc()}")
        self.beat()
        worked = self._silent
        self.found.slowest = max(self.found.slowest, worked)
        if worked > HANG:
            waited = time.perf_counter() - began
            self.found.hangs.append(f"step {self.found.steps}, {self.done}: {worked:.1f} s of work in {waited:.1f} s")
        self.found.steps += 1
        self._look_after_results()

    def beat(self) -> None:
        """Take in that the window handles events; what counts is work of this thread, whatever the machine does."""
        now = time.thread_time()
        self._silent, self._answered = max(self._silent, now - self._answered), now

    def _look_after_results(self) -> None:
        section = self.session.section
        for known, numbers in list(self._kept.values()):
            gone = numbers - {entry.number for entry in known.runs}
            if gone and not any(word in self.done.lower() for word in ("delete", "remove", "undo", "redo", "ctrl")):
                self.found.lost.append(f"step {self.found.steps}, {self.done}: runs {sorted(gone)} went")
            numbers -= gone
        if section is not None:
            _, numbers = self._kept.setdefault(id(section), (section, set()))
            numbers |= {entry.number for entry in section.runs}
        self.found.runs = sum(len(numbers) for _, numbers in self._kept.values())

    # What can be done

    def _control(self) -> None:
        controls = self._controls()
        if controls:
            self._use(controls[self.rng.integers(len(controls))])

    def _controls(self) -> list[QWidget]:
        from qtpy import QtWidgets as qt

        kinds = (qt.QAbstractButton, qt.QComboBox, qt.QAbstractSlider, qt.QAbstractSpinBox, qt.QLineEdit)
        kinds += (qt.QAbstractItemView, qt.QPlainTextEdit)
        found = []
        for dock in self._docks():
            for widget in dock.findChildren(qt.QWidget):
                if isinstance(widget, kinds) and widget.isVisible() and widget.isEnabled():
                    found.append(widget)
        return found

    def _docks(self) -> list[Any]:
        return [dock for name, dock in self.viewer.window.dock_widgets.items() if _ours(name)]

    def _use(self, widget: QWidget) -> None:
        from qtpy import QtWidgets as qt
        from qtpy.QtCore import QAbstractTableModel, QPoint, Qt
        from qtpy.QtTest import QTest

        self.done = _called(widget)
        left = Qt.MouseButton.LeftButton
        if isinstance(widget, qt.QHeaderView):  # sorts, where it can be clicked
            at = widget.sectionViewportPosition(int(self.rng.integers(max(widget.count(), 1))))
            QTest.mouseClick(widget.viewport(), left, Qt.KeyboardModifier.NoModifier, QPoint(at + 8, 8))
            return
        if isinstance(widget, qt.QAbstractItemView):
            model = widget.model()
            columns = model.columnCount() if isinstance(model, QAbstractTableModel) else 1
            if model is None or not model.rowCount() or not columns:
                return
            index = model.index(int(self.rng.integers(model.rowCount())), int(self.rng.integers(columns)))
            widget.scrollTo(index)
            at = widget.visualRect(index).center()
            click = QTest.mouseDClick if self.rng.random() < 0.2 else QTest.mouseClick
            click(widget.viewport(), left, Qt.KeyboardModifier.NoModifier, at)
            return
        if isinstance(widget, (qt.QLineEdit, qt.QPlainTextEdit, qt.QAbstractSpinBox)):
            widget.setFocus()
            text = WORDS[self.rng.integers(len(WORDS))]
            self.done += f" <- {text!r}"
            QTest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
            if text.isascii():
                QTest.keyClicks(widget, text)
            else:
                qt.QApplication.clipboard().setText(text)
                QTest.keyClick(widget, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
            QTest.keyClick(widget, Qt.Key.Key_Return if self.rng.random() < 0.7 else Qt.Key.Key_Down)
            return
        if isinstance(widget, qt.QComboBox):
            widget.setFocus()
            for _ in range(self.rng.integers(1, 4)):
                QTest.keyClick(widget, Qt.Key.Key_Down if self.rng.random() < 0.6 else Qt.Key.Key_Up)
            return
        if isinstance(widget, qt.QAbstractSlider):
            widget.setFocus()
            for _ in range(self.rng.integers(1, 6)):
                QTest.keyClick(widget, Qt.Key.Key_Right if self.rng.random() < 0.5 else Qt.Key.Key_Left)
            return
        at = QPoint(min(8, widget.width() // 2), widget.height() // 2)  # where the box of a check box is
        QTest.mouseClick(widget, left, Qt.KeyboardModifier.NoModifier, at)

    def _canvas(self) -> None:
        from qtpy.QtCore import QPoint, Qt
        from qtpy.QtOpenGLWidgets import QOpenGLWidget
        from qtpy.QtTest import QTest
        from qtpy.QtWidgets import QApplication

        canvases = [w for w in QApplication.allWidgets() if isinstance(w, QOpenGLWidget) and w.isVisible()]
        if not canvases:
            return
        canvas = canvases[0]
        width, height = canvas.width(), canvas.height()
        points = [QPoint(int(self.rng.integers(width)), int(self.rng.integers(height))) for _ in range(4)]
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        way = self.rng.integers(4)
        self.done = f"canvas {('hover', 'click', 'double click', 'drag')[way]}"
        if way == 0:
            for point in points:
                QTest.mouseMove(canvas, point)
                settle()
        elif way == 1:
            QTest.mouseClick(canvas, left, none, points[0])
        elif way == 2:
            QTest.mouseDClick(canvas, left, none, points[0])
        else:
            QTest.mousePress(canvas, left, none, points[0])
            for point in points[1:]:
                QTest.mouseMove(canvas, point)
                settle()
            QTest.mouseRelease(canvas, left, none, points[-1])

    def _key(self) -> None:
        from qtpy.QtCore import Qt
        from qtpy.QtTest import QTest
        from qtpy.QtWidgets import QApplication

        target = QApplication.focusWidget() or self._window()
        if self.rng.random() < 0.3:
            key, how = CHORDS[self.rng.integers(len(CHORDS))], Qt.KeyboardModifier.ControlModifier
            if self.rng.random() < 0.3:
                how |= Qt.KeyboardModifier.ShiftModifier
            self.done = f"key Ctrl+{key} in {_called(target)}"
        else:
            key, how = KEYS[self.rng.integers(len(KEYS))], Qt.KeyboardModifier.NoModifier
            self.done = f"key {key} in {_called(target)}"
        QTest.keyClick(target, getattr(Qt.Key, f"Key_{key}"), how)

    def _layer(self) -> None:
        layers = list(self.viewer.layers)
        if not layers:
            return
        layer = layers[self.rng.integers(len(layers))]
        way = self.rng.choice(["select", "hide", "rename", "delete", "up"], p=[0.4, 0.25, 0.15, 0.1, 0.1])
        self.done = f"layer {way} {layer.name}"
        if way == "select":
            self.viewer.layers.selection = {layer}
        elif way == "hide":
            layer.visible = not layer.visible
        elif way == "rename":
            layer.name = f"mine {self.rng.integers(99)}"
        elif way == "up":
            self.viewer.layers.move(self.viewer.layers.index(layer), 0)
        elif len(layers) > 1:
            self.viewer.layers.remove(layer)

    def _dock(self) -> None:
        from napari_trsmi.gui.viewer.docks import docks_of

        docks = list(docks_of(self.viewer).values())
        way = self.rng.choice(["raise", "close", "open"], p=[0.6, 0.2, 0.2])
        self.done = f"dock {way}"
        if way == "open":
            from npe2 import PluginManager

            widgets = list(PluginManager.instance().get_manifest(PLUGIN).contributions.widgets or ())
            name = widgets[self.rng.integers(len(widgets))].display_name
            self.done = f"dock open {name}"
            self.viewer.window.add_plugin_dock_widget(PLUGIN, name, tabify=True)
        elif docks:
            dock = docks[self.rng.integers(len(docks))]
            self.done = f"dock {way} {dock.windowTitle()}"
            if way == "raise":
                dock.show()
                dock.raise_()
            elif self.rng.random() < 0.5:
                dock.close()  # as by the menu: it is hidden
            else:
                dock.title.close_button.click()  # it is taken apart

    def _section(self) -> None:
        from napari_trsmi.gui.viewer.lane import Opening, lane_of
        from napari_trsmi.gui.viewer.opening import made_ready, put_one_by_one
        from napari_trsmi.gui.viewer.sections import sections_in

        if len(sections_in(self.viewer)) > 4:
            return
        section = self.datasets[self.rng.integers(len(self.datasets))]()
        self.done = f"open {section.dataset.name}"
        put = partial(put_one_by_one, self.session)  # as a file is opened, but for the reading of it
        lane, end = lane_of(self.session), time.perf_counter() + MOST
        lane.add(Opening(f"Opening {section.dataset.name}", partial(made_ready, [section]), put))
        while lane.line and time.perf_counter() < end:
            settle()
        for _ in range(20):  # its layers come one by one
            settle()

    def _train(self) -> None:
        state = self.session.state
        acts = {"idle": ("start",), "paused": ("resume", "finish", "cancel")}.get(state, ("pause", "finish", "cancel"))
        act = acts[self.rng.integers(len(acts))]
        section = self.session.section
        if act == "start" and (section is None or section.dataset.n_spots > 10_000):
            return  # takes longer than the walk
        self.done = f"train {act}"
        getattr(self.session, act)()

    def _command(self) -> None:
        from npe2 import PluginManager

        manager = PluginManager.instance()
        commands = [one.id for one in manager.get_manifest(PLUGIN).contributions.commands or ()]
        left_out = ("open_", "read_", "write_")  # docks and files have acts of their own
        commands = [one for one in commands if not one.split(".")[1].startswith(left_out)]
        self.done = commands[self.rng.integers(len(commands))]
        command = manager.commands.get(self.done)
        command(**{name: self.viewer for name in signature(command).parameters if name == "viewer"})

    def _window(self) -> Any:
        return next(iter(self.viewer.window.dock_widgets.values())).window()

    # What opens by itself

    def answer(self) -> None:
        """Answer a menu or a dialog that waits."""
        from qtpy import QtWidgets as qt
        from qtpy.QtCore import Qt
        from qtpy.QtTest import QTest

        if (menu := qt.QApplication.activePopupWidget()) is not None:
            actions = []
            if isinstance(menu, qt.QMenu):
                actions = [one for one in menu.actions() if one.isEnabled() and one.text() and not one.menu()]
            if not actions or self.rng.random() < 0.3:
                QTest.keyClick(menu, Qt.Key.Key_Escape)
                menu.close()
                return
            action = actions[self.rng.integers(len(actions))]
            self.done += f" > {action.text()}"
            menu.setActiveAction(action)
            QTest.keyClick(menu, Qt.Key.Key_Return)
        elif (dialog := qt.QApplication.activeModalWidget()) is not None:
            buttons = [one for one in dialog.findChildren(qt.QAbstractButton) if one.isVisible() and one.isEnabled()]
            if not buttons or self.rng.random() < 0.2:
                self.done += " > Escape"
                QTest.keyClick(dialog, Qt.Key.Key_Escape)
                return
            button = buttons[self.rng.integers(len(buttons))]
            self.done += f" > {button.text()}"
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def _ours(name: str) -> bool:
    return PLUGIN in name


def _called(widget: Any) -> str:
    text = getattr(widget, "text", lambda: "")()
    words = (type(widget).__name__, widget.accessibleName() or text or widget.toolTip()[:40] or widget.objectName())
    above = widget.parentWidget()
    while above is not None and not above.windowTitle():
        above = above.parentWidget()
    return f"{above.windowTitle() if above is not None else ''}: {' '.join(filter(None, words))}"


@contextmanager
def answered(walker: Walker) -> Iterator[None]:
    """Answer menus and dialogs while a walk goes on, and hear every error that nobody caught."""
    import threading

    from napari.utils.notifications import ErrorNotification, notification_manager
    from qtpy import QtGui, QtWidgets
    from qtpy.QtCore import QTimer

    rng, found = walker.rng, walker.found

    def tell(kind: Any, value: Any, where: Any) -> None:
        text = "".join(traceback.format_exception(kind, value, where))
        found.tracebacks.append(f"step {found.steps}, {walker.done}: {text}")

    def hear(note: Any) -> None:
        if isinstance(note, ErrorNotification):
            error = note.exception
            tell(type(error), error, error.__traceback__)
        else:
            walker.said.append(str(note.message))

    def to_save(*given: Any, **_: Any) -> tuple[str, str]:
        suffix = (".h5mu", ".h5ad", ".csv", ".png", ".svg", ".json", ".html", "", ".zarr", ".geojson")[rng.integers(10)]
        if suffix in (".html", "") and any(isinstance(one, str) and one.endswith(" layers") for one in given):
            return "", ""  # the dialog of napari, which fails on these names with an error (0.9.2)
        return ("" if rng.random() < 0.3 else str(walker.place / f"saved{rng.integers(20)}{suffix}"), "")

    def to_open(*_: Any, **__: Any) -> tuple[str, str]:
        files = sorted(walker.place.iterdir())
        return ("" if not files or rng.random() < 0.3 else str(files[rng.integers(len(files))]), "")

    def several(*_: Any, **__: Any) -> tuple[list[str], str]:
        path, kind = to_open()
        return ([path] if path else [], kind)

    def color(*_: Any, **__: Any) -> Any:
        return QtGui.QColor(*(int(v) for v in rng.integers(256, size=3))) if rng.random() < 0.8 else QtGui.QColor()

    dialogs = {
        (QtWidgets.QFileDialog, "getSaveFileName"): to_save,
        (QtWidgets.QFileDialog, "getOpenFileName"): to_open,
        (QtWidgets.QFileDialog, "getOpenFileNames"): several,
        (QtWidgets.QFileDialog, "getExistingDirectory"): lambda *_, **__: to_open()[0],
        (QtWidgets.QColorDialog, "getColor"): color,
        (QtWidgets.QInputDialog, "getText"): lambda *_, **__: (WORDS[rng.integers(len(WORDS))], rng.random() < 0.7),
    }
    before = {key: getattr(*key) for key in dialogs}
    hooks = sys.excepthook, threading.excepthook
    tellers = [tell]  # emptied at the end: threads of Qt keep for good the hooks that they began with
    for (owner, name), act in dialogs.items():
        setattr(owner, name, staticmethod(act))
    sys.excepthook = partial(_tell_all, tellers)
    threading.excepthook = lambda args: sys.excepthook(args.exc_type, args.exc_value, args.exc_traceback)
    notification_manager.notification_ready.connect(hear)
    timer, again, pulse = QTimer(), QTimer(), QTimer()
    again.setSingleShot(True)
    again.timeout.connect(walker.answer)
    timer.timeout.connect(again.start)  # one timer is not entered twice, and an entry of a menu opens a dialog
    pulse.timeout.connect(walker.beat)
    timer.start(40)
    pulse.start(20)
    try:
        yield
    finally:
        for one in (timer, again, pulse):
            one.stop()
        notification_manager.notification_ready.disconnect(hear)
        tellers.clear()
        sys.excepthook, threading.excepthook = hooks
        for (owner, name), act in before.items():
            setattr(owner, name, act)


def _tell_all(tellers: list[Callable[..., None]], *error: Any) -> None:
    for tell in tellers:
        tell(*error)


def walk(datasets: list[Callable[[], OpenSection]], steps: int, seed: int, place: Path) -> Walked:
    """Open a window, walk, close it, and return what came of it."""
    from napari.utils.notifications import notification_manager

    for make in datasets:
        make()
    open_and_close(datasets)
    before = _widgets()
    found, session = _walked(datasets, steps, np.random.default_rng(seed), place)
    notification_manager.records.clear()  # they hold errors, and those what was there when they were raised
    for name in ("last_exc", "last_type", "last_value", "last_traceback"):  # so does what vispy keeps of the last one
        vars(sys).pop(name, None)
    end, rounds = time.perf_counter() + LAST, 0
    while session() is not None and rounds < 5 and time.perf_counter() < end:
        settle()
        gc.collect()
        rounds += not _at_work(session)  # a thread holds what it works on until its next look at whether it is wanted
    if (left := session()) is not None:
        doing = left.busy.sign or ("at work" if left.busy.under_way else "not busy")
        found.leaked.append(f"the session, {doing}, {_holders(left)}")
    found.leaked += [f"{n} x {name}" for name, n in (_widgets() - before).items()]
    return found


def _walked(
    datasets: list[Callable[[], OpenSection]], steps: int, rng: np.random.Generator, place: Path
) -> tuple[Walked, weakref.ref[Any]]:
    import napari

    from napari_trsmi.config import Config
    from napari_trsmi.gui.viewer.docks import open_docks

    viewer = napari.Viewer()
    viewer.window.resize(1280, 800)
    open_docks(viewer)
    settle()
    walker = Walker(viewer, datasets, rng, place)
    session = walker.session
    with answered(walker):
        walker._section()
        train, cluster = {"epochs": 20, "preview_every": 4}, {"n_domains": 6, "n_init": 1}
        session.set_config(Config(train=train, cluster=cluster, evidence={"support": False}))
        for _ in range(steps):
            in_loop(walker.step)
            if len(walker.found.bad) > 20:
                break
        walker.done = "closing"
        if session.run is not None:
            session.cancel()
        try:
            _close(viewer)
        except Exception:
            walker.found.tracebacks.append(f"{walker.done}: {traceback.format_exc()}")
        _wait_for(session)  # what was dropped ends soon
    return walker.found, weakref.ref(session)


def _wait_for(session: Any) -> None:
    """Let jobs come to their end, and be heard of: who waits for the outcome of one keeps the session."""
    from qtpy.QtCore import QThreadPool

    end, pool = time.perf_counter() + MOST, QThreadPool.globalInstance()
    while (session.busy.under_way or pool.activeThreadCount()) and time.perf_counter() < end:
        settle()
        time.sleep(0.005)


def open_and_close(datasets: list[Callable[[], OpenSection]]) -> None:
    """Have a window once, so that what is made once for all windows is there."""
    import napari

    from napari_trsmi.gui.viewer.docks import open_docks

    viewer = napari.Viewer()
    open_docks(viewer)
    put(viewer, datasets[0]().dataset)
    settle()
    _close(viewer)
    del viewer
    for _ in range(5):
        settle()
        gc.collect()


def _close(viewer: Viewer) -> None:
    from qtpy.QtWidgets import QApplication

    viewer.close()
    for _ in range(10):
        settle()
        QApplication.sendPostedEvents(None, 52)  # deferred deletion
        time.sleep(0.02)


def _at_work(session: weakref.ref[Any]) -> bool:
    left = session()
    return left is not None and bool(left.busy.under_way)


def _widgets() -> Any:
    from collections import Counter

    from qtpy.QtWidgets import QApplication

    ours = (type(one) for one in QApplication.allWidgets())
    return Counter(kind.__name__ for kind in ours if kind.__module__.startswith("napari_trsmi"))


def _holders(thing: Any, most: int = 6) -> str:
    """Return by whom a thing is held, and those in turn, until something that lives anyway."""
    chain, seen = [], {id(thing)}
    for _ in range(most):
        holders = [one for one in gc.get_referrers(thing) if id(one) not in seen and type(one).__name__ != "frame"]
        if not holders:
            break
        thing = holders[0]
        seen |= {id(one) for one in holders} | {id(holders)}
        try:
            name = getattr(thing, "__qualname__", "")
        except RuntimeError:  # a widget that Qt has deleted
            name = ""
        chain.append(f"{type(thing).__name__} {name}".strip())
    return "held by " + ", held by ".join(chain)


def section_of(dataset: Dataset) -> OpenSection:
    """Return the dataset as a section that is opened."""
    from napari_trsmi.gui.session.state import OpenSection

    return OpenSection(dataset)
