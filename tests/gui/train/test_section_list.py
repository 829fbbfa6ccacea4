"""Several open sections in the train dock, driven by clicks and keys: one trains while another is looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dock_by_hand import click, enabled, idle
from opened_dock import add
from qtpy.QtCore import Qt

from napari_trsmi.gui.session.state import OpenSection


@pytest.fixture
def sections(opened, trained):
    """Three sections in the dock; the last is active."""
    more = [add(opened.viewer, OpenSection(replace(trained.dataset, name=name))) for name in ("second", "third")]
    return [opened.data_panel.sections[0], *more]


@pytest.fixture
def there(opened, sections):
    return opened.data_panel.list


def choose(there, qtbot, section):
    """Click the row of a section."""
    rect = there.visualItemRect(there.item(section))
    qtbot.mouseClick(there.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())


def states(there, sections):
    return [there.item(section).text(1) for section in sections]


def test_a_section_alone_is_a_name_and_several_are_a_list(alone, trained):
    add(alone.viewer, OpenSection(trained.dataset))
    panel = alone.data_panel
    assert (panel.name.isVisible(), panel.list.isVisible()) == (True, False)
    add(alone.viewer, OpenSection(replace(trained.dataset, name="x" * 60)))
    assert (panel.name.isVisible(), panel.list.isVisible()) == (False, True)
    assert panel.minimumSizeHint().width() <= 330
    assert "x" * 60 in panel.list.item(panel.sections[1]).toolTip(0)


def test_a_section_is_chosen_by_a_click_and_by_keys(opened, sections, there, qtbot):
    choose(there, qtbot, sections[0])
    assert opened.session.section is sections[0]
    there.setFocus()
    qtbot.keyClick(there, Qt.Key.Key_Down)
    assert opened.session.section is sections[0]
    qtbot.keyClick(there, Qt.Key.Key_Return)
    assert opened.session.section is sections[1]


@pytest.mark.slow
def test_training_goes_on_for_its_section_and_the_others_wait(opened, sections, there, qtbot, gate):
    session, bar = opened.session, opened.run_bar
    click(qtbot, bar.run_button)
    gate.release(2)
    qtbot.waitUntil(lambda: len(sections[2].run.steps) == 2, timeout=10_000)
    choose(there, qtbot, sections[0])
    assert enabled(opened) == {"run"}
    assert not bar.progress.isVisible()
    click(qtbot, bar.run_button)
    assert bar.status.text() == "Waits until training on third has ended."
    assert enabled(opened) == {"cancel"}
    choose(there, qtbot, sections[1])
    click(qtbot, bar.run_button)
    qtbot.waitUntil(lambda: states(there, sections) == ["waiting", "waiting, 2.", "training 2/6"], timeout=5_000)
    click(qtbot, bar.controls.cancel)
    assert enabled(opened) == {"run"}
    choose(there, qtbot, sections[2])
    assert bar.progress.value() == 2
    assert bar.progress.words.startswith("epoch 2 of 6")
    assert session.shown.epoch == 2
    choose(there, qtbot, sections[1])
    gate.release(999)
    qtbot.waitUntil(lambda: session.training.line == [], timeout=20_000)
    assert states(there, sections) == ["ready", "", "ready"]
    assert bar.status.text() == f"7 domains in {sections[0].dataset.name}: training is done."
    assert session.result is None
    choose(there, qtbot, sections[0])
    assert session.canvas.layer("domains").visible
    assert opened.preview_bar.slider.maximum() == 3


@pytest.mark.slow
def test_a_cancelled_run_lets_the_next_in_line_train(opened, sections, there, qtbot, gate):
    click(qtbot, opened.run_bar.run_button)
    choose(there, qtbot, sections[0])
    click(qtbot, opened.run_bar.run_button)
    choose(there, qtbot, sections[2])
    click(qtbot, opened.run_bar.controls.cancel)
    gate.release(999)
    choose(there, qtbot, sections[0])
    idle(opened, qtbot)
    assert sections[0].result is not None
    assert sections[2].result is None


def test_opening_a_section_leaves_training_alone(opened, trained, qtbot, gate):
    click(qtbot, opened.run_bar.run_button)
    section = opened.session.section
    add(opened.viewer, OpenSection(replace(trained.dataset, name="new")))
    assert opened.session.section is not section
    gate.release(999)
    qtbot.waitUntil(lambda: section.result is not None, timeout=20_000)
    assert opened.session.result is None


def test_a_section_closed_while_it_trains_ends_its_thread(opened, sections, there, qtbot, gate):
    click(qtbot, opened.run_bar.run_button)
    trainer = sections[2].run.trainer
    choose(there, qtbot, sections[0])
    for layer in [one for one in opened.viewer.layers if one.metadata["trsmi"]["section"] is sections[2]]:
        opened.viewer.layers.remove(layer)
    assert opened.run_bar.status.text() == "Training on third was cancelled: its layers were removed."
    assert there.topLevelItemCount() == 2
    gate.release(999)
    assert trainer.ended.wait(timeout=5)


def test_removed_layers_are_named_and_brought_back(opened, qtbot, done):
    panel, canvas = opened.data_panel, opened.session.canvas
    assert not panel.missing.isVisible()
    opened.viewer.layers.remove(canvas.layer("domains"))
    opened.viewer.layers.remove(canvas.layer("image"))
    assert panel.missing_names.text() == "Removed from the layers: tissue, domains"
    click(qtbot, panel.back)
    assert canvas.layer("domains").visible
    assert canvas.layer("image") is not None
    assert not panel.missing.isVisible()
