"""Docks speak about all sections of a study, or about the one that is chosen, and say which."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel
from opened_dock import open_section
from qtpy.QtCore import Qt
from small_study import trained_study

import napari_trsmi as nt
from napari_trsmi import compare, edits
from napari_trsmi.gui.ask.dock import AskDock
from napari_trsmi.gui.color.dock import ColorDock
from napari_trsmi.gui.compare.dock import CompareDock
from napari_trsmi.gui.correct.dock import CorrectDock
from napari_trsmi.gui.finding.maps import map_title, result_maps
from napari_trsmi.gui.trust.dock import TrustDock
from napari_trsmi.gui.viewer.part_box import PartBox
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.trust import AGREEING, STABILITY


@pytest.fixture
def result():
    """Domains of three sections, with a map of stability that is full in the second alone."""
    found = trained_study()
    dataset = replace(found.dataset, obs=found.dataset.obs.copy(), own_columns={})
    stable = np.where(dataset.section == 1, 1.0, 0.4).astype(np.float32)
    trust = {"stability": 0.5, "seeds": [0, 1, 2, 3, 4], "stable_spots": float((stable >= 0.8).mean()), "perturbed": 1}
    sections = [{"left_out": "b", "domain": found.names[0], "comes_back": 0.9, "labelled_alike": 0.9}]
    return replace(
        found,
        dataset=dataset,
        maps={**found.maps, STABILITY: stable, AGREEING: np.full(len(stable), 0.5, np.float32)},
        provenance={**found.provenance, "trust": trust | {"sections": sections}},
    )


@pytest.fixture
def viewer(result):
    """A viewer without a window, in which docks open ten times as fast."""
    viewer = ViewerModel()
    open_section(viewer, result.dataset, result)
    return viewer


@pytest.fixture
def opened(viewer, qtbot):
    """Open a dock."""

    def dock(kind):
        dock = kind(viewer)
        qtbot.addWidget(dock)
        dock.show()
        dock.activateWindow()
        return dock

    return dock


def choose(qtbot, dock, text):
    """Choose a section in the box of a dock, by keys."""
    box = dock.findChild(PartBox).box
    qtbot.waitUntil(box.isVisible)
    box.setFocus()
    away = box.findText(text) - box.currentIndex()
    for _ in range(abs(away)):
        qtbot.keyClick(box, Qt.Key.Key_Down if away > 0 else Qt.Key.Key_Up)


@pytest.mark.slow
def test_the_summary_is_of_the_chosen_section_and_names_it(viewer, opened, result, qtbot):
    dock, session = opened(ColorDock), session_of(viewer)
    session.color(result_maps(result)[map_title(STABILITY)])
    panel = dock._panel
    assert "From 0.4 to 1" in panel._summary.text()
    choose(qtbot, dock, "b")
    assert session.parts.chosen == 1
    assert "From 1 to 1" in panel._summary.text()
    assert panel._title.text().endswith(" in b")
    own = result.labels[result.dataset.section == 1]
    assert panel._means.means[np.unique(own)] == pytest.approx(1.0)
    assert panel._values._bars.opts["height"].sum() == len(own)
    choose(qtbot, dock, "All sections")
    assert "From 0.4 to 1" in panel._summary.text()
    assert " in b" not in panel._title.text()


def test_trust_speaks_of_the_chosen_section_first(viewer, opened, qtbot):
    dock = opened(TrustDock)
    choose(qtbot, dock, "b")
    said = dock.trust.found.summary.text()
    assert said.startswith("In b:\n\n100% of its spots keep their domain")
    assert "Without b, 1 of 1 domains come back" in said
    assert "In all sections:" in said
    choose(qtbot, dock, "c")
    assert dock.trust.found.summary.text().startswith("In c:\n\n0% of its spots")
    choose(qtbot, dock, "All sections")
    assert "In all sections" not in dock.trust.found.summary.text()


@pytest.mark.slow
def test_scores_of_a_comparison_are_those_of_the_chosen_section(viewer, opened, result, qtbot):
    session = session_of(viewer)
    session.set_result(edits.recluster(result, {"n_domains": 2, "n_init": 1}))
    dock = opened(CompareDock)
    panel = dock.comparison
    qtbot.waitUntil(lambda: panel.pair is not None, timeout=60_000)
    whole = panel.scores.text()
    choose(qtbot, dock, "a")
    rows = result.dataset.sections[0]
    a, b = (entry.result.labels[rows] for entry in session.section.runs)
    from sklearn.metrics import adjusted_rand_score

    assert f"ARI <b>{adjusted_rand_score(a, b):.3f}</b>" in panel.scores.text()
    assert f"of {len(rows):,} spots in a differ" in panel.scores.text()
    choose(qtbot, dock, "All sections")
    assert panel.scores.text() == whole


def test_the_part_of_a_comparison_keeps_which_domain_matches_which(result):
    n = result.dataset.n_spots
    labels = np.zeros(n, int)
    labels[result.dataset.section == 1] = 1
    from napari_trsmi.graphs import spatial_graph

    graph = spatial_graph(result.coords, 6, result.dataset.section)
    other = 1 - labels
    found = compare.compare(labels, other, graph)
    part = compare.within(found, labels, other, graph, result.dataset.sections[1])
    assert (part.n_spots, part.n_different) == (len(result.dataset.sections[1]), 0)


@pytest.mark.slow
def test_a_question_is_asked_in_the_chosen_section(viewer, opened, result, qtbot):
    dock = opened(AskDock)
    dock.differ.fresh.setChecked(False)
    counts = np.array([np.bincount(result.labels[rows], minlength=3) for rows in result.dataset.sections])
    number = int(counts.min(axis=1).argmax())
    name = result.dataset.section_names[number]
    choose(qtbot, dock, name)
    panel = dock.differ
    panel.a.choose("Domain", f"domain:{result.names[0]}")
    panel.b.choose("The rest", "rest")
    qtbot.mouseClick(panel.compare, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.job is None and panel.found is not None, timeout=30_000)
    assert panel.found.a.n_spots == counts[number, 0]
    assert f"A: domain {result.names[0]} in {name} ({counts[number, 0]:,} spots)" in panel.note.text()
    assert not panel.found.b.spots[result.dataset.section != number].any()
    found = nt.describe_domain(result, result.names[0], held_out=False, section=name)
    assert (found.n_spots, found.section) == (counts[number, 0], name)
    assert found.share == pytest.approx(counts[number, 0] / counts[number].sum())
    dock.tabs.setCurrentWidget(dock.describe)
    dock.describe.held_out.of = lambda _: None
    qtbot.mouseClick(dock.describe.describe, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dock.describe.job is None and dock.describe.found is not None, timeout=30_000)
    assert dock.describe.summary.text().startswith(f"Domain {result.names[0]} in {name}: {counts[number, 0]:,} spots")


def test_what_is_said_of_one_section_is_said_to_teach_all(viewer, opened, result):
    dock = opened(CorrectDock)
    panel = dock.panel
    assert panel.teaches.text() == "What you say of spots of one section teaches all 3 sections."
    panel.lasso.take(result.dataset.sections[1][:5], np.zeros(0, int))
    assert panel.teaches.text() == "What you say of these spots of b teaches all 3 sections."
    assert not panel.teaches.isHidden()
    open_section(viewer, result.of("a").dataset, result.of("a"))
    assert panel.teaches.isHidden()


def test_a_single_section_has_no_box(viewer, opened, result):
    dock = opened(TrustDock)
    assert not dock.findChild(PartBox).isHidden()
    open_section(viewer, result.of("a").dataset, result.of("a"))
    assert dock.findChild(PartBox).isHidden()
