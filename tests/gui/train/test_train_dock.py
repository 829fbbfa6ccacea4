"""The train dock in a real window."""

from __future__ import annotations

from acted_support import with_acted_support
from dock_by_hand import ALL, click
from napari.components import ViewerModel
from opened_dock import add
from qtpy.QtWidgets import QApplication

from napari_trsmi import Config
from napari_trsmi.domains.colors import PALETTE
from napari_trsmi.gui.form.config_form import LEAST
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.train.dock import TrainDock
from napari_trsmi.gui.train.pages import SETTINGS

# Settings


def test_number_of_domains_and_scale_are_the_same_settings_as_in_the_form(opened):
    opened.n_domains.setValue(5)
    opened.domain_scale.setValue(3)
    cluster = opened.session.config.cluster
    assert (cluster.n_domains, cluster.domain_scale) == (5, 3)
    assert opened.form.value() == opened.session.config
    opened.form.undo()
    assert opened.domain_scale.text() == "auto"
    assert opened.session.config.cluster.domain_scale is None
    opened.session.set_config(Config())
    assert (opened.n_domains.text(), opened.form.value()) == ("auto", Config())
    assert "auto:" in opened.n_domains.toolTip()  # the word in the field


def test_new_runs_take_device_threads_and_previews_from_the_settings_of_napari(qtbot, monkeypatch):
    from types import SimpleNamespace

    run, display = SimpleNamespace(device="cpu", threads=1, preview_every=3), SimpleNamespace(palette="fixed")
    monkeypatch.setattr("napari.settings.get_plugin_settings", lambda name: SimpleNamespace(run=run, display=display))
    dock = TrainDock(ViewerModel())
    qtbot.addWidget(dock)
    config = dock.session.config
    assert (config.device, config.threads, config.train.preview_every) == ("cpu", 1, 3)
    assert dock.form.value() == config
    assert dock.session.fixed_colors == PALETTE


# The window


def test_the_settings_keep_their_room_and_run_stays_in_the_window(done):
    done.session.set_config(done.session.config.model_copy(update={"seed": 4}))
    done.pages.setCurrentIndex(SETTINGS)
    done.form.folds["gate"].open()  # with the curves that it shapes
    done.run_bar.say(6 * "A sentence that is long enough to need two lines, as most of those that say what to do. ")
    for height in (690, 590, 420):  # of the dock in windows of 1280 x 800, 1000 x 700, 960 x 540 pixels
        done.resize(330, height)
        for _ in range(5):
            QApplication.processEvents()
        assert (done.width(), done.height()) == (330, height)
        assert done.form.height() >= LEAST
        assert _seen(done.run_bar.run_button) == done.run_bar.run_button.height()
        if height >= 690:
            assert _seen(done.form) >= LEAST
    assert done.form.area.isAncestorOf(done.form._curves)


def test_domains_and_support_of_the_result_are_read_in_the_narrowest_dock(done):
    done.session.refine(with_acted_support(done.session.result))
    done.resize(330, 690)
    for _ in range(5):
        QApplication.processEvents()
    label = done.result_row.label
    assert label.width() >= label.fontMetrics().horizontalAdvance(label.text().replace("7", "12")) + 2


def _seen(widget):
    return widget.visibleRegion().boundingRect().height()


def test_signals_that_come_after_the_dock_is_gone_find_nobody(qtbot, gate, trained):
    viewer = ViewerModel()
    dock = TrainDock(viewer)
    session = dock.session
    add(viewer, OpenSection(trained.dataset))
    dock.show()
    click(qtbot, dock.run_bar.run_button)
    dock.deleteLater()
    qtbot.waitUntil(lambda: not is_alive(dock), timeout=5_000)
    gate.release(ALL)
    qtbot.waitUntil(lambda: session.state == "idle", timeout=10_000)
    session.set_config(Config(seed=4))
    session.busy_changed.emit("Saving")
    viewer.theme = "light"
    assert session.result is not None


def is_alive(widget):
    try:
        widget.isVisible()
    except RuntimeError:
        return False
    return True
