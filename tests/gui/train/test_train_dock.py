"""The train dock in a real window."""

from __future__ import annotations

from dock_by_hand import ALL, click
from napari.components import ViewerModel
from opened_dock import add

from napari_trsmi import Config
from napari_trsmi.domains.colors import PALETTE
from napari_trsmi.gui.state import OpenSection
from napari_trsmi.gui.train.dock import TrainDock

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


def test_the_dock_fits_a_narrow_column_of_a_small_window(done):
    done.session.set_config(done.session.config.model_copy(update={"seed": 4}))
    done.run_bar.say("One sentence that is long enough to need two lines, as most of those that say what to do.")
    done.resize(340, 690)
    assert done.minimumSizeHint().width() <= 340
    assert done.minimumSizeHint().height() <= 690
    assert done.form.height() >= 80


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
