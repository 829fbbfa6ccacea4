"""The file of a session without a window: what it says, and what becomes of rubbish."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from napari.components import ViewerModel
from opened_dock import add

import napari_trsmi as nt
from napari_trsmi.data.placement import apply, turned
from napari_trsmi.data.small_copy import write_small
from napari_trsmi.errors import DataError
from napari_trsmi.gui.session.layout import Layout, Turn
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.workspace import record
from napari_trsmi.gui.workspace.arranging import as_it_lies
from napari_trsmi.gui.workspace.keeping import collect, in_memory, kept_sections, small_files
from napari_trsmi.gui.workspace.reopening import missing_files, reopened
from napari_trsmi.restoring import restore_on


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "slice.h5mu").write_bytes(Path(nt.sample_path()).read_bytes())
    return tmp_path


@pytest.fixture
def shown(folder):
    """A viewer without a window, in which nothing is open yet."""
    viewer = ViewerModel()
    session_of(viewer)
    return viewer


def kept(viewer, path, *, small=True):
    """Write the session of a viewer to `path`, and return it as it is read."""
    session = session_of(viewer)
    sections, _ = kept_sections(session)
    smalls = small_files(in_memory(sections), path) if small else []
    for one in smalls:
        write_small(one.entry.result, one.path)
    record.write(collect(session, path, as_it_lies(viewer), smalls), path)
    return record.read(path)


def test_a_section_with_its_run_comes_back_from_a_file_that_names_it_from_where_it_lies(folder, shown, trained):
    dataset = nt.read(folder / "data" / "slice.h5mu")
    result = replace(trained, dataset=dataset, domain_names=tuple("abcdefg"))
    section = add(shown, OpenSection(dataset, result))
    section.runs.rename(section.runs.entry_of(result), "the good one")
    section.hidden_parts = frozenset()
    session_of(shown).set_hidden(frozenset({2}))
    found = kept(shown, folder / "work.trsmi.json")

    assert found.sections[0].parts[0].files[0].path == "data/slice.h5mu"
    assert found.hidden == (2,)
    assert found.config == session_of(shown).config
    assert os.path.getsize(folder / "work.trsmi.json") < 20_000  # no copy of any data
    folder = folder.rename(folder.with_name("moved away"))
    opened, problems = reopened(found.sections[0], folder, {})
    assert problems == []
    assert opened.result.names == tuple("abcdefg")
    assert np.array_equal(opened.result.labels, trained.labels)
    assert [entry.name for entry in opened.runs] == ["the good one"]
    assert opened.path is None  # it is in no file of a person's own
    assert next(iter(opened.runs)).kept is not None


@pytest.mark.slow
def test_how_sections_lie_comes_back_and_rubbish_is_refused(folder, shown, trained):
    section = add(shown, OpenSection(nt.read(folder / "data" / "slice.h5mu")))
    session_of(shown).parts.lie(Layout().with_turn(0, Turn(3, True)))
    found = kept(shown, folder / "work.trsmi.json")
    opened, problems = reopened(found.sections[0], folder, {})
    assert problems == []
    assert opened.layout == section.layout == Layout().with_turn(0, Turn(3, True))
    assert np.allclose(opened.at, section.at)
    text = (folder / "work.trsmi.json").read_text()
    (folder / "work.trsmi.json").write_text(text.replace('"0":', '"zero":'))
    with pytest.raises(DataError, match="damaged"):
        record.read(folder / "work.trsmi.json")


def test_a_small_copy_holds_all_of_a_result_but_the_data(tmp_path, trained):
    again = restore_on(trained.dataset, write_small(trained, tmp_path / "run.h5ad"))
    assert np.array_equal(again.labels, trained.labels)
    assert np.allclose(again.embedding, trained.embedding)
    assert bytes(again.state) == bytes(trained.state)
    assert again.config == trained.config
    pd.testing.assert_frame_equal(again.boundaries, trained.boundaries, check_exact=False)


def test_a_result_of_other_spots_is_refused(tmp_path, trained):
    path = write_small(trained, tmp_path / "run.h5ad")
    with pytest.raises(DataError, match="Expected a domain for each"):
        restore_on(replace(trained.dataset, obs_names=trained.obs_names + "x"), path)


@pytest.mark.slow
def test_a_saved_result_is_named_and_not_copied(folder, shown, trained):
    dataset = nt.read(folder / "data" / "slice.h5mu")
    result = replace(trained, dataset=dataset)
    result.write(folder / "data" / "done.h5mu")
    add(shown, OpenSection(dataset, result, folder / "data" / "done.h5mu"))
    found = kept(shown, folder / "work.trsmi.json")
    assert [(run.file.path, run.small) for run in found.sections[0].runs] == [("data/done.h5mu", False)]
    assert list(folder.glob("*.h5ad")) == []
    opened, problems = reopened(found.sections[0], folder, {})
    assert problems == []
    assert opened.path == folder / "data/done.h5mu"
    assert np.array_equal(opened.result.labels, result.labels)


def test_results_in_memory_that_are_left_out_are_not_in_it(folder, shown, trained):
    dataset = nt.read(folder / "data" / "slice.h5mu")
    add(shown, OpenSection(dataset, replace(trained, dataset=dataset)))
    found = kept(shown, folder / "work.trsmi.json", small=False)
    assert (found.sections[0].runs, found.sections[0].shown) == ((), None)


@pytest.mark.slow
def test_flips_come_back(folder, shown):
    dataset = nt.read(folder / "data" / "slice.h5mu")
    dataset = apply(dataset, turned(dataset, "x"))
    dataset = apply(dataset, turned(dataset, "swap"))
    add(shown, OpenSection(dataset))
    opened, problems = reopened(kept(shown, folder / "work.trsmi.json").sections[0], folder, {})
    assert problems == []
    assert np.allclose(opened.dataset.coords, dataset.coords)


@pytest.mark.slow
def test_columns_of_ones_own_come_back(folder, shown):
    dataset = nt.read(folder / "data" / "slice.h5mu")
    add(shown, OpenSection(dataset))
    named = pd.Categorical(["rim" if k % 3 else None for k in range(dataset.n_spots)])
    session_of(shown).annotations.put("regions", named)
    opened, _ = reopened(kept(shown, folder / "work.trsmi.json").sections[0], folder, {})
    assert opened.own_columns == ("regions",)
    assert list(opened.dataset.obs["regions"].astype(object)) == list(dataset.obs["regions"].astype(object))


def test_files_over_the_same_spots_and_studies_come_back(folder, shown, make_table):
    from napari_trsmi.data.study import stack

    for name, seed in (("one", 0), ("two", 5)):
        make_table(seed=seed).write_h5ad(folder / f"{name}_rna.h5ad")
        make_table(n_features=20, prefix="protein", mean=20.0, seed=seed).write_h5ad(folder / f"{name}_adt.h5ad")
    parts = {name: nt.read([folder / f"{name}_rna.h5ad", folder / f"{name}_adt.h5ad"]) for name in ("one", "two")}
    parts["two"] = apply(parts["two"], turned(parts["two"], "y"))
    section = add(shown, OpenSection(stack(parts, "both")))
    section.hidden_parts = frozenset({1})
    opened, problems = reopened(kept(shown, folder / "work.trsmi.json").sections[0], folder, {})
    assert problems == []
    assert opened.dataset.name == "both"
    assert opened.dataset.section_names == ("one", "two")
    assert list(opened.dataset.modalities) == list(section.dataset.modalities)
    assert np.allclose(opened.dataset.coords, section.dataset.coords)
    assert opened.hidden_parts == {1}


@pytest.mark.slow
def test_the_sample_is_not_named_by_a_path_of_this_machine(folder, shown):
    add(shown, OpenSection(nt.read(nt.sample_path())))
    text = (kept(shown, folder / "work.trsmi.json"), (folder / "work.trsmi.json").read_text())[1]
    assert record.SAMPLE in text
    assert "trsmi_slice" not in text.replace('"name": "trsmi_slice"', "")
    assert reopened(record.read(folder / "work.trsmi.json").sections[0], folder, {})[1] == []


@pytest.mark.slow
def test_a_file_that_moved_is_found_where_a_person_says_with_those_beside_it(folder, shown):
    for name in ("a", "b"):
        (folder / "data" / f"{name}.h5mu").write_bytes((folder / "data" / "slice.h5mu").read_bytes())
        add(shown, OpenSection(nt.read(folder / "data" / f"{name}.h5mu")))
    found = kept(shown, folder / "work.trsmi.json")
    (folder / "data").rename(folder / "elsewhere")
    lost = missing_files(found, folder, {})
    assert [Path(file.path).name for file in lost] == ["a.h5mu", "b.h5mu"]
    moved = {lost[0].was: folder / "elsewhere" / "a.h5mu"}
    assert missing_files(found, folder, moved) == []
    opened, problems = reopened(found.sections[1], folder, moved)
    assert problems == []
    assert opened.dataset.name == "b"


def test_data_that_are_gone_are_told_with_a_way_out(folder, shown):
    add(shown, OpenSection(nt.read(folder / "data" / "slice.h5mu")))
    found = kept(shown, folder / "work.trsmi.json")
    (folder / "data" / "slice.h5mu").unlink()
    opened, problems = reopened(found.sections[0], folder, {})
    assert opened is None
    assert "Choose where it is, or open it with File > Open." in problems[0]


RUBBISH = {
    "empty": "",
    "cut short": '{"format": 1, "sections": [',
    "another json": '{"config": {}}',
    "a list": "[1, 2]",
    "deep": "[" * 100_000,
    "later": '{"format": 2, "sections": []}',
    "no sections": '{"format": 1, "sections": []}',
    "an address": json.dumps(
        {"sections": [{"name": "a", "parts": [{"name": "a", "files": [{"path": "http://a/b.h5ad"}]}]}]}
    ),
    "a number": '{"format": 1, "sections": 5}',
    "not finite": '{"format": 1, "sections": [{"name": "a", "parts": [{"name": "a", "files": [{"path": "b"}]}]}], '
    '"arrangement": {"zoom": NaN}}',
}


@pytest.mark.parametrize("text", RUBBISH.values(), ids=RUBBISH)
def test_rubbish_is_told_in_one_sentence_with_a_way_out(tmp_path, text):
    path = tmp_path / "x.trsmi.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"^Expected a session file .*(File > Open|newer)") as told:
        record.read(path)
    assert len(str(told.value)) < 600


@pytest.mark.slow
def test_a_column_that_is_no_column_of_these_spots_is_left_out_and_told(folder, shown):
    add(shown, OpenSection(nt.read(folder / "data" / "slice.h5mu")))
    section = kept(shown, folder / "work.trsmi.json").sections[0]
    bad = {
        "long": record.packed(("a",), np.zeros(9_000_000, np.int32)),  # much more than there are spots
        "unknown": record.packed(("a",), np.ones(2500, np.int32)),
        "text": record.SavedColumn(names=("a",), codes="no base 64"),
    }
    opened, problems = reopened(section.model_copy(update={"columns": bad}), folder, {})
    assert len(problems) == 3
    assert opened.own_columns == ()


def test_an_edited_result_is_no_longer_the_one_that_was_kept(shown, trained):
    section = add(shown, OpenSection(trained.dataset, trained))
    entry = section.runs.entry_of(trained)
    entry.kept = Path("x.h5ad")
    session_of(shown).set_result(trained)
    assert entry.kept is not None
    session_of(shown).set_result(replace(trained, domain_names=tuple("abcdefg")))
    assert entry.kept is None


def test_spots_that_a_modality_lacks_come_back_with_their_study(folder, shown, make_table):
    rna, adt = make_table(60, 80), make_table(60, 20, prefix="protein", mean=20.0, seed=1)
    other = make_table(60, 80, seed=2)
    other.obs_names = [f"other_{name}" for name in other.obs_names]
    for name, table in (("rna", rna[:50]), ("adt", adt[10:]), ("more", other)):
        table.write_h5ad(folder / f"{name}.h5ad")
    study = nt.read_sections({"s1": [folder / "rna.h5ad", folder / "adt.h5ad"], "s2": folder / "more.h5ad"})
    add(shown, OpenSection(study))
    found = kept(shown, folder / "work.trsmi.json")
    opened, problems = reopened(found.sections[0], folder, {})
    assert (problems, opened.dataset.n_spots, study.n_spots) == ([], 120, 120)
    np.testing.assert_array_equal(opened.dataset.obs_names, study.obs_names)
