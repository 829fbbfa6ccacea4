"""The benchmark of the window on a section so small that it takes seconds: that it runs, and that it judges right."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from napari_trsmi.data.simulate import simulate_dataset

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
MODULES = ("measure", "tables", "window", "gui_parts", "gui_sweep", "gui")


@pytest.fixture(scope="module")
def bench():
    """The scripts by name; they are no package, so they are imported from their folder."""
    sys.path.insert(0, str(FOLDER))
    try:
        yield {name: importlib.import_module(name) for name in MODULES}
    finally:
        sys.path.remove(str(FOLDER))
        for name in (*MODULES, "scaling", "datasets"):
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def tiny():
    return simulate_dataset(n_spots=150, n_genes=60, n_proteins=12, n_domains=3, image=0)


@pytest.mark.slow
def test_docks_and_files_are_timed_until_they_are_seen(bench, viewer, tmp_path):
    found = bench["gui_parts"].docks(viewer, "Colour by")
    assert bench["gui"].rows("docks", found | {"name": "Colour by"})[0].met is not None
    path = str(tmp_path / "slice.h5mu")
    bench["gui"].write_slice(path, 150)
    found = bench["gui_parts"].load(viewer, path)
    assert found["n_layers"] == len(viewer.layers) > 0


@pytest.mark.slow
def test_recolouring_is_timed_with_the_canvas_drawn(bench, viewer):
    found = bench["gui_parts"].recolour(viewer, 300, repeats=1)
    assert all(0 < s < 60 for name in ("preview_s", "gene_s", "draw_s") for s in found[name])
    assert found["gene_s"][0] > found["values_s"][0]
    assert [layer.metadata["trsmi"]["role"] for layer in viewer.layers] == ["spots", "domains"]


@pytest.mark.slow
def test_a_run_is_timed_beside_panning(bench, viewer, tiny, quick):
    at = tuple(viewer.scene.camera.center)
    found = bench["gui_parts"].ticks(viewer, tiny, quick, idle_s=0.2)
    assert found["epochs"] == 6
    assert len(found["late_s"]) > 5
    assert tuple(viewer.scene.camera.center) != at


@pytest.mark.slow
def test_pause_finish_and_cancel_are_obeyed_within_an_epoch(bench, viewer, tiny, quick):
    config = quick.model_copy(update={"train": quick.train.model_copy(update={"epochs": 400})})
    found = bench["gui_parts"].answers(viewer, tiny, config)
    assert all(found[name]["epochs"] <= 1 for name in ("pause", "finish", "cancel"))
    held = bench["gui_parts"].rounds(viewer, tiny, config, n=1)
    assert held["before"]["layers"] == held["after"]["layers"]
    assert held["after"]["at work"] == 0


@pytest.mark.slow
def test_a_sweep_goes_on_while_its_rows_are_clicked(bench, viewer, tiny, quick, monkeypatch):
    monkeypatch.setattr(bench["gui_sweep"], "CLICK_MS", 50)
    shown = []
    bench["window"].current(viewer).shown_changed.connect(shown.append)
    found = bench["gui_sweep"].sweep(viewer, tiny, quick, values=2, seeds=1, most=3, epochs=1, idle_s=0.2)
    assert (found["planned"], found["epochs"], found["n_spots"]) == (4, 1, 150)
    assert 3 <= found["runs"] <= 4
    assert found["click_s"]
    assert any(one is not None and one.title.startswith("Sweep run") for one in shown)
    rows = bench["gui"].rows("sweep", found)
    assert f"{found['runs']} of 4 runs" in rows[0].what
    assert [row.target for row in rows] == ["", "p95 < 100 ms", "p95 < 100 ms", ""]


def test_a_number_is_met_or_not(bench):
    gui = bench["gui"]
    slow = {"n_spots": 50_000, "open_s": 1.0, "draw_s": [0.01], "preview_s": [0.06, 0.07, 0.01], "gene_s": [0.1]}
    slow |= {"values_s": [0.02], "key_s": [0.002]}
    assert [row.met for row in gui.rows("recolour", slow)] == [None, None, False, None, True, True]
    assert gui.rows("recolour", slow | {"n_spots": 60_000})[2].met
    late = {"n_spots": 5, "epochs": 3, "idle_s": [0.0] * 100, "late_s": [0.01] * 90 + [0.2] * 10}
    assert [row.met for row in gui.rows("ticks", late)] == [True, False]
    held = {"threads": 5, "at work": 0, "layers": 2, "memory": 500.0}
    kept = {"rounds": 2, "before": held, "after": held | {"layers": 3, "memory": 510.0}}
    assert [row.cells()[-1] for row in gui.rows("rounds", kept)] == ["met", "met", "NOT MET", "NOT MET"]
    assert gui.rows("load", {"n_spots": 5_000, "seconds": 2.0, "first_s": 9.0})[0].met
