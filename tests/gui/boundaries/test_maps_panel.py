from __future__ import annotations

from dataclasses import replace

import numpy as np
from opened_dock import dock_alone

from napari_trsmi import edits
from napari_trsmi.gui.finding import maps as maps_of_results
from napari_trsmi.gui.finding.maps import result_maps


def test_maps_hold_what_the_result_says_of_each_spot(trained):
    maps = result_maps(trained)
    assert list(maps) == ["Certainty", "Entropy", "Runner-up domain", "Weight of rna", "Weight of adt"]
    assert np.array_equal(maps["Certainty"].values, trained.confidence)
    assert np.array_equal(maps["Runner-up domain"].values, trained.partition.runner_up)
    assert maps["Runner-up domain"].colors == trained.palette
    assert np.allclose(maps["Weight of adt"].values, trained.modality_weights[:, 1])
    assert maps["Weight of adt"].limits == maps["Weight of rna"].limits


def test_a_further_map_of_the_result_has_a_button_too(trained):
    stable = np.linspace(0, 1, len(trained.labels), dtype=np.float32)
    maps = result_maps(replace(trained, maps={"seed_stability": stable}))
    assert np.array_equal(maps["Seed stability"].values, stable)


def test_a_verdict_makes_no_map_anew(trained, qtbot, monkeypatch):
    dock = dock_alone(qtbot, trained)
    made, real = [], maps_of_results._numbers
    monkeypatch.setattr(maps_of_results, "_numbers", lambda *given: made.append(given[0]) or real(*given))
    dock.session.set_result(edits.review(trained, 0, "keep"))
    assert "Entropy" in result_maps(trained)
    assert made == []
    dock.maps.buttons["Entropy"].click()
    assert set(made) == {"Entropy"}
    made.clear()
    dock.session.set_result(edits.review(trained, 1, "keep"))
    assert set(made) <= {"Entropy"}  # that on the tissue may be another


def test_a_button_colours_the_spots_and_pressed_again_no_longer(trained, qtbot):
    dock = dock_alone(qtbot, trained)
    button = dock.maps.buttons["Entropy"]
    button.click()
    assert dock.session.coloring.title == "Entropy"
    assert button.isChecked()
    dock.maps.buttons["Certainty"].click()
    assert not button.isChecked()
    dock.maps.buttons["Certainty"].click()
    assert dock.session.coloring is None
    assert not dock.maps.buttons["Certainty"].isChecked()


def test_a_map_follows_the_result_and_its_colours(qtbot, trained):
    dock = dock_alone(qtbot, trained)
    dock.maps.buttons["Runner-up domain"].click()
    dock.session.set_result(edits.recolor(trained, 0, "#123456"))
    assert dock.session.coloring.colors[0] == "#123456"
    assert dock.maps.buttons["Runner-up domain"].isChecked()


def test_a_result_kept_without_weights_says_so(qtbot, trained):
    dock = dock_alone(qtbot, replace(trained, modality_weights=None))
    assert list(dock.maps.buttons) == ["Certainty", "Entropy", "Runner-up domain"]
    assert not dock.maps.note.isHidden()
