"""The second page of the dock "Ask": what is this domain?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from pressed import press
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog

import napari_trsmi as nt
from napari_trsmi.gui.widgets.text_field import TextField


@pytest.fixture
def described(qtbot, dock):
    """The second page after a domain was described with two sets that were typed."""
    dock.tabs.setCurrentWidget(dock.describe)
    panel = dock.describe
    panel._markers[(0, "1")] = nt.differ(dock.session.result, "1", held_out=False)
    genes = panel._markers[(0, "1")].tables["rna"].query("score > 0")["feature"][:4]
    panel.typed.setFocus()
    qtbot.waitUntil(panel.typed.hasFocus)
    qtbot.keyClicks(panel.typed, "high: " + ", ".join(genes).lower())
    qtbot.keyClick(panel.typed, Qt.Key.Key_Return)
    qtbot.keyClicks(panel.typed, "none: nosuchgene")
    press(qtbot, panel.describe)
    qtbot.waitUntil(lambda: panel.found is not None, timeout=30_000)
    return panel


def test_a_domain_is_described_with_the_sets_that_were_typed(described, dock):
    assert described.summary.text().startswith(f"Domain 1: {(dock.session.result.labels == 0).sum():,} spots")
    assert described.found.sets["set"].tolist() == ["high"]
    answers = described.answers
    assert answers.composition.rowCount() == len(described.found.composition["domain"])
    assert answers.sets.item(0, 0).text() == "high"
    assert answers.neighbours.rowCount() == len(described.found.neighbours)
    assert answers.neighbours.isColumnHidden(5)  # squidpy was not asked


@pytest.mark.slow
def test_a_suggested_name_is_given_only_by_its_button_and_taken_back(qtbot, described, dock):
    session = dock.session
    assert session.result.names[0] == "1"
    name = described.names.currentText()
    assert described.evidence.text() == described.found.suggestions[0].evidence
    press(qtbot, described.use)
    assert session.result.names[0] == name
    assert described.domain.itemText(0) == name
    assert session.deeds.done == (f"renaming of 1 to {name}",)
    session.deeds.undo()
    assert session.result.names[0] == "1"
    session.deeds.redo()
    assert session.result.names[0] == name


def test_a_line_that_is_no_set_is_refused_in_the_dock(qtbot, dock):
    dock.tabs.setCurrentWidget(dock.describe)
    qtbot.keyClicks(dock.describe.typed, "no colon")
    press(qtbot, dock.describe.describe)
    assert 'Expected "name: CD3E, CD4"' in dock.describe.summary.text()
    assert dock.describe.job is None


def test_gene_sets_of_a_file_are_loaded_and_taken_out_again(qtbot, dock, tmp_path, monkeypatch):
    dock.tabs.setCurrentWidget(dock.describe)
    (tmp_path / "sets.gmt").write_text("a\tx\tG1\tG2\nb\tx\tG3\n")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "sets.gmt"), ""))
    press(qtbot, dock.describe.load)
    assert dock.describe.load.text() == "✕ 2 sets"
    press(qtbot, dock.describe.load)
    assert dock.describe.load.text() == "GMT file…"


def test_a_double_click_on_describe_does_not_give_the_answer_up(qtbot, dock):
    dock.tabs.setCurrentWidget(dock.describe)
    panel = dock.describe
    panel._markers[(0, "1")] = nt.differ(dock.session.result, "1", held_out=False)
    at = panel.describe.mapTo(panel, panel.describe.rect().center())
    for _ in range(2):
        target = panel.childAt(at)
        qtbot.mouseClick(target, Qt.MouseButton.LeftButton, pos=target.mapFrom(panel, at))
        qtbot.wait(60)
    qtbot.waitUntil(lambda: panel.found is not None, timeout=30_000)


def test_without_gene_sets_their_page_says_what_to_do(described, dock):
    answers, found = dock.describe.answers, dock.describe.found
    assert not answers.sets.isHidden()
    assert answers.no_sets.isHidden()
    answers.show_answer(replace(found, sets=found.sets.iloc[:0]))
    assert answers.sets.isHidden()
    assert not answers.no_sets.isHidden()


def test_where_gene_sets_are_typed_can_be_seen(viewer, qtbot):
    dock = viewer.window.add_dock_widget(TextField("", "Gene sets"), name="typed")
    image = dock.widget().grab().toImage()
    assert image.pixelColor(0, image.height() // 2) != image.pixelColor(8, image.height() // 2)
