"""What was compared in the window is saved with the result."""

from __future__ import annotations

import re

import numpy as np
import pytest
from compared_runs import choose
from napari.components import ViewerModel
from opened_dock import open_section

import napari_trsmi as nt
from napari_trsmi import edits
from napari_trsmi.gui.compare.dock import CompareDock
from napari_trsmi.gui.train import save_menu


def numbers(dock):
    """What the panel says of the two that are chosen: ARI, NMI, boundary F1, within one spot, spots that differ."""
    text = dock.comparison.scores.text()
    return [*re.findall(r"<b>([^<]+)</b>", text), *re.findall(r"([\d,]+) of ([\d,]+) spots", text)[0]]


def as_shown(record):
    """The same of a comparison in a saved result."""
    scores = [f"{record[name]:.3f}" for name in ("ari", "nmi", "boundary_f1", "boundary_f1_near")]
    return [*scores, f"{record['n_different']:,}", f"{record['n_spots']:,}"]


def save(qtbot, dock, path, how=save_menu.save_result):
    """Save as a person does and wait for it."""
    with qtbot.waitSignal(dock.session.told, timeout=60_000):
        how(dock.session, None, lambda *_: path)
    return path


@pytest.mark.slow
def test_every_number_that_was_shown_of_a_run_is_saved_with_it(dock, qtbot, tmp_path):
    shown = {("run", "run 1"): numbers(dock)}
    choose(qtbot, dock, "first", "column domain")
    shown["column", "domain"] = numbers(dock)
    choose(qtbot, dock, "first", "embedding X_other")
    shown["embedding", "X_other"] = numbers(dock)
    choose(qtbot, dock, "second", "column domain")  # without a run: of no concern to the result
    saved = nt.restore(save(qtbot, dock, tmp_path / "two.h5mu"))
    kept = {(one["kind"], one["name"]): as_shown(one) for one in saved.provenance["comparisons"]}
    assert kept == shown

    page = save(qtbot, dock, tmp_path / "page.html", save_menu.save_report).read_text(encoding="utf-8")
    for found in shown.values():
        assert all(f'<td class="n">{number}</td>' in page for number in found[:4])
        assert f"{found[4]} of {found[5]}" in page

    first = next(entry for entry in dock.session.section.runs if entry.name == "run 1")
    dock.session.set_result(first.result)
    (kept,) = nt.restore(save(qtbot, dock, tmp_path / "one.h5mu")).provenance["comparisons"]
    assert (kept["name"], as_shown(kept)) == ("run 2", shown["run", "run 1"])


def test_a_run_is_saved_under_the_name_it_has_then_and_domains_of_edits_too(dock, qtbot, trained):
    session = dock.session
    session.section.runs.rename(next(iter(session.section.runs)), "wide")
    session.set_result(edits.rename(session.result, 0, "cortex"))
    (kept,) = session.section.runs.complete(session.result).provenance["comparisons"]
    assert kept["name"] == "wide"
    assert kept["labels"] == list(trained.names)
    assert np.array(kept["contingency"]).sum(axis=1).tolist() == np.bincount(session.result.labels).tolist()
    merged = edits.merge(session.section.runs.complete(session.result), [0, 1])
    assert "comparisons" not in merged.provenance
    session.section.runs.take(merged)
    assert session.section.runs.complete(merged) is merged


@pytest.mark.slow
def test_a_saved_result_that_is_opened_again_keeps_what_was_compared(dock, qtbot, tmp_path):
    before = numbers(dock)
    result = nt.restore(save(qtbot, dock, tmp_path / "two.h5mu"))
    viewer = ViewerModel()
    open_section(viewer, result.dataset, result)
    again = CompareDock(viewer)
    again.viewer = viewer
    qtbot.addWidget(again)
    again.show()
    qtbot.waitUntil(lambda: again.comparison.pair is not None, timeout=60_000)  # a column, as it is the only run
    column = again.comparison.first.currentText().removeprefix("column ")
    kept = nt.restore(save(qtbot, again, tmp_path / "again.h5mu")).provenance["comparisons"]
    assert [(one["kind"], one["name"]) for one in kept] == [("run", "run 1"), ("column", column)]
    assert [as_shown(one) for one in kept] == [before, numbers(again)]


@pytest.mark.slow
def test_the_command_line_gives_the_numbers_of_the_window(dock, qtbot, tmp_path):
    import pandas as pd

    from napari_trsmi.cli import main

    one, two = (tmp_path / f"{name}.h5mu" for name in ("one", "two"))
    shown, runs = {"run 1": numbers(dock)}, list(dock.session.section.runs)
    runs[0].result.write(one)
    runs[1].result.write(two)
    choose(qtbot, dock, "first", "column domain")
    shown["domain"] = numbers(dock)
    assert main(["compare", str(two), str(one), "obs:domain", "--csv", str(tmp_path / "table.csv"), "-q"]) == 0
    table = pd.read_csv(tmp_path / "table.csv").to_dict("records")
    assert [as_shown(row) for row in table[:2]] == list(shown.values())


@pytest.mark.slow
def test_what_file_save_of_napari_writes_has_the_comparisons_too(dock, tmp_path):
    from napari_trsmi.gui.plugin.writer import write_result

    data = [layer.as_layer_data_tuple() for layer in dock.viewer.layers]
    write_result(str(tmp_path / "two.h5mu"), data)
    (kept,) = nt.restore(tmp_path / "two.h5mu").provenance["comparisons"]
    assert as_shown(kept) == numbers(dock)
