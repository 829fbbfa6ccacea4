"""The train dock driven by hand: buttons clicked, the end of a run waited for."""

from __future__ import annotations

from qtpy.QtCore import Qt

ALL = 999


def click(qtbot, button):
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def enabled(dock):
    bar = dock.run_bar
    buttons = {"run": bar.run_button, "pause": bar.controls.pause, "finish": bar.controls.finish}
    return {name for name, button in {**buttons, "cancel": bar.controls.cancel}.items() if button.isEnabled()}


def idle(dock, qtbot):
    qtbot.waitUntil(lambda: dock.session.state == "idle", timeout=20_000)
