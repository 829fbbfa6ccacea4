"""One order of undo over edits, reviews, settings, runs and columns, without a window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from moved_by_hand import Hand

from napari_trsmi import edits
from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.session.undoing import may_walk, told, walk


@pytest.fixture
def session(trained):
    session = Session(lambda session, run: Hand())
    session.activate(OpenSection(trained.dataset, trained))
    return session


def setting(session, **update):
    session.set_config(session.config.model_copy(update=update))


def test_what_was_done_last_goes_first_and_each_has_a_name(session, trained):
    session.set_result(edits.rename(session.result, 0, "Cortex"))
    setting(session, seed=7)
    session.set_result(edits.recolor(session.result, 1, "#010203"))
    session.set_result(edits.review(session.result, 2, "doubt"))
    session.set_result(edits.review(session.result, 2, "doubt", "thin"))
    a, b = (session.result.names[int(session.result.boundaries[key][2])] for key in ("domain_a", "domain_b"))
    assert session.deeds.done == (
        "renaming of 1 to Cortex",
        "seed",
        f"colour of {session.result.names[1]}",
        f"doubting {a} | {b}",
        f"note on {a} | {b}",
    )
    assert told(session, "undo") == f"Undo note on {a} | {b}"
    for _ in range(2):
        walk(session, "undo")
    assert "review" not in session.result.boundaries
    assert session.result.palette[1] == "#010203"
    walk(session, "undo")
    assert (session.result.palette, session.config.seed) == (trained.palette, 7)
    walk(session, "undo")
    assert session.config.seed == trained.config.seed
    assert session.result.names[0] == "Cortex"
    walk(session, "undo")
    assert session.result.names == trained.names
    assert session.result.provenance.get("edits") == trained.provenance.get("edits")
    for _ in range(5):
        walk(session, "redo")
    assert session.result.boundaries["note"][2] == "thin"
    assert (session.result.names[0], session.config.seed, session.result.palette[1]) == ("Cortex", 7, "#010203")


def test_a_merge_is_undone_by_name_and_what_was_found_out_since_stays(session, trained):
    names = [trained.names[2], trained.names[4]]
    session.set_result(edits.rename(session.result, 0, "Cortex"))
    merged = edits.merge(session.result, [2, 4])
    session.set_result(merged)
    into = next(name for name in names if name in merged.names)
    assert session.deeds.last == f"merge of {next(name for name in names if name != into)} into {into}"
    session.refine(replace(merged, provenance={**merged.provenance, "trust": {"found": 1}}))  # no deed
    assert len(session.deeds.done) == 2
    walk(session, "undo")
    assert np.array_equal(session.result.labels, trained.labels)
    assert session.result.names[0] == "Cortex"
    walk(session, "redo")
    assert session.result.partition is merged.partition
    assert session.result.provenance["trust"] == {"found": 1}


def test_a_new_run_is_a_deed_whose_undo_shows_the_result_before(session, trained):
    other = replace(edits.recluster(trained, {"n_domains": 5, "n_init": 1}), provenance={})
    session.start()
    assert not may_walk(session, "undo")
    session.on_returned(session.run, other)
    assert session.deeds.last == "training"
    walk(session, "undo")
    assert session.result.partition is trained.partition
    first = next(entry for entry in session.section.runs if entry.result.partition is trained.partition)
    assert session.section.runs.entry_of(session.result) is first


def test_while_training_goes_on_settings_alone_can_be_undone(session):
    session.set_result(edits.rename(session.result, 0, "Cortex"))
    session.start()
    heard = []
    session.told.connect(heard.append)
    setting(session, seed=9)
    assert may_walk(session, "undo")
    assert walk(session, "undo") == "seed"
    assert walk(session, "undo") == ""
    assert heard == ["Undo renaming of 1 to Cortex: once training has ended. Finish or cancel it first."]
    assert session.result.names[0] == "Cortex"


def test_undo_of_a_deleted_run_says_so_and_changes_nothing(session, trained):
    heard = []
    session.failed.connect(heard.append)
    session.set_result(edits.merge(session.result, [0, 1]))
    now, runs = session.result, session.section.runs
    runs.remove(next(iter(runs)), now)
    walk(session, "undo")
    assert session.result is now
    assert heard == ["The run before was deleted, so this cannot be undone."]


def test_each_section_has_its_own_order(session, trained):
    first = session.section
    session.set_result(edits.rename(session.result, 0, "Cortex"))
    session.activate(OpenSection(trained.dataset, replace(trained)))
    assert told(session, "undo") == "Undo"
    assert walk(session, "undo") == ""
    assert first.result.names[0] == "Cortex"
    session.activate(first)
    walk(session, "undo")
    assert first.result.names == trained.names


def test_settings_made_before_a_section_is_open_are_undone_in_it(trained):
    session = Session(lambda *_: Hand())
    setting(session, seed=3)
    session.activate(OpenSection(trained.dataset))
    assert walk(session, "undo") == "seed"
    assert session.config.seed == 0


def test_columns_of_ones_own_come_and_go_with_undo(session):
    obs = session.dataset.obs
    session.annotations.put("mine", pd.Categorical(["a"] * len(obs)))
    session.annotations.put("mine", pd.Categorical(["b"] * len(obs)))
    session.annotations.drop("mine")
    walk(session, "undo")
    assert obs["mine"].iloc[0] == "b"
    walk(session, "undo")
    assert obs["mine"].iloc[0] == "a"
    walk(session, "undo")
    assert session.annotations.names == ()
    for _ in range(3):
        walk(session, "redo")
    assert "mine" not in obs


def test_training_that_ends_behind_another_section_is_undone_in_its_own(session, trained):
    first, other = session.section, replace(edits.recluster(trained, {"n_domains": 5, "n_init": 1}), provenance={})
    session.start()
    run = session.run
    session.activate(OpenSection(trained.dataset, replace(trained)))
    session.on_returned(run, other)
    assert session.deeds.last == ""
    session.activate(first)
    assert session.result.partition is other.partition
    assert session.deeds.last == "training"
    walk(session, "undo")
    assert session.result.partition is trained.partition


def test_a_verdict_goes_to_the_same_boundary_of_a_run_trained_on_and_undo_takes_it_off_and_brings_it_back(
    session, trained
):
    told = []
    session.told.connect(told.append)
    session.set_result(edits.review(session.result, 2, "doubt", "thin"))
    session.carry_on(2)
    session.on_returned(session.run, replace(trained, partition=replace(trained.partition), provenance={}))
    table = session.result.boundaries
    assert table.loc[2, ["review", "note", "carried_from"]].tolist() == ["doubt", "thin", "run 1"]
    assert (table["review"] != "").sum() == 1
    assert told[-1] == "1 verdict or note was carried over from run 1, to boundaries that are the same."
    assert session.deeds.done[-2:] == ("training on", "verdicts carried over")
    walk(session, "undo")
    assert "carried_from" not in session.result.boundaries
    assert session.result.partition is not trained.partition
    walk(session, "redo")
    assert session.result.boundaries["carried_from"][2] == "run 1"
    session.set_result(edits.review(session.result, 2, "doubt", "thin"))  # what the key D does
    assert session.deeds.last.startswith("doubting")
    for _ in range(3):
        walk(session, "undo")
    assert session.result.partition is trained.partition


def test_a_run_in_the_background_takes_verdicts_along_and_a_file_is_what_it_is(session, trained, tmp_path):
    first = session.section
    session.set_result(edits.review(session.result, 2, "keep"))
    session.start()
    run = session.run
    session.activate(OpenSection(trained.dataset))
    session.on_returned(run, replace(trained, partition=replace(trained.partition), provenance={}))
    assert first.result.boundaries["carried_from"][2] == "run 1"
    session.activate(first)
    walk(session, "undo")
    assert "carried_from" not in session.result.boundaries
    session.set_result(replace(trained, partition=replace(trained.partition)), tmp_path / "slice.h5mu")
    assert "review" not in session.result.boundaries


def test_other_domains_get_no_verdict_and_a_merge_only_what_it_left_as_it_was(session):
    session.set_result(edits.review(session.result, 2, "keep"))
    session.set_result(edits.merge(session.result, [0, 1]))
    assert "carried_from" not in session.result.boundaries
    assert session.deeds.last.startswith("merge")
