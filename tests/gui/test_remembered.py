"""What the window remembers: recent files, and what was put away."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QSettings

from napari_trsmi.gui import remembered
from napari_trsmi.gui.remembered import forget, is_known, know, recent, remember


def test_sets_of_files_are_remembered_last_first_each_once_and_ten_of_them(tmp_path):
    assert recent() == []
    for number in range(12):
        remember([tmp_path / f"{number}.h5mu"])
    remember([tmp_path / "a_rna.h5ad", tmp_path / "a_adt.h5ad"])
    remember([tmp_path / "5.h5mu"])
    assert len(recent()) == 10
    assert recent()[:2] == [
        (str(tmp_path / "5.h5mu"),),
        (str(tmp_path / "a_rna.h5ad"), str(tmp_path / "a_adt.h5ad")),
    ]
    assert len(set(recent())) == 10
    forget()
    assert recent() == []


def test_paths_are_whole_wherever_the_program_was_started(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    remember(["x.h5mu"])
    assert recent() == [(str(tmp_path / "x.h5mu"),)]


@pytest.mark.parametrize("rubbish", ["", "{", "[[]]", "[1, 2]", '{"a": 1}', "[" * 100_000, '["text"]'])
def test_rubbish_in_the_settings_is_nothing(rubbish):
    settings = QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "napari-trsmi", "window")
    settings.setValue("recent", rubbish)
    settings.setValue("known", rubbish)
    settings.sync()
    assert recent() == []
    assert not is_known("kind")
    remember(["/x.h5mu"])
    know("kind")
    assert len(recent()) == 1
    assert is_known("kind")


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path):
    (tmp_path / "file").write_text("no folder")
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "file" / "in it"))
    remember(["/x.h5mu"])
    know("kind")
    assert recent() in ([], [("/x.h5mu",)])


def test_nothing_of_this_machine_is_seen_in_tests(tmp_path_factory):
    assert remembered._settings().fileName().startswith(str(tmp_path_factory.getbasetemp()))
