"""Mistakes that are made often: each is one sentence that says what to do, and leaves nothing behind."""

from __future__ import annotations

import pytest

from napari_trsmi.cli import main


@pytest.fixture
def told(tmp_path, capsys, monkeypatch):
    """Run `trsmi` in an empty folder of its own; assert that it ends in one sentence and writes nothing there."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def run(*words):
        assert main([*map(str, words), "-q"]) == 2
        assert list(folder.iterdir()) == []
        said = capsys.readouterr().err
        assert said.startswith("trsmi: ")
        assert said.count("\n") == 1
        return said

    return run


@pytest.mark.parametrize(
    "words", [["markers", "-o", "x.csv"], ["report", "-o", "x.html"], ["compare", "obs:domain"]], ids=lambda x: x[0]
)
def test_a_result_that_is_empty_or_something_else_says_so(told, tmp_path, words):
    command, *more = words
    file = tmp_path / "result.h5mu"
    file.touch()
    assert f"Expected a file with content at {file}, found an empty one. Copy or" in told(command, file, *more)
    file.write_text("something else")
    assert "found other content. Choose another." in told(command, file, *more)


def test_a_checkpoint_that_is_not_there_is_missed_before_the_section_is_read(told):
    said = told("fit", "none.h5mu", "-o", "x.h5mu", "--resume", "none.pt")
    assert "Expected a checkpoint of this program at none.pt, found no file. Check the path." in said


def test_a_checkpoint_of_something_else_is_told_in_words(told, small_file, tmp_path):
    other = tmp_path / "other.pt"
    other.write_text("hello")
    said = told("fit", small_file, "-o", "x.h5mu", "--resume", other)
    assert f"Expected a checkpoint of this program at {other}, found other content. Choose another." in said


def test_constraints_that_are_not_there_are_told_in_words(told, fitted):
    said = told("continue", fitted.path, "-o", "x.h5mu", "--epochs", "1", "--constraints", "none.json")
    assert "found: No such file or directory. Choose another." in said


def test_conditions_of_one_section_are_refused(told, fitted):
    assert "Expected a study to compare the conditions" in told("report", fitted.path, "-o", "x.html", "--by", "domain")


def test_a_study_is_not_made_up_into_a_file(told, tmp_path):
    (tmp_path / "taken").touch()
    few = ["--n-spots", "60", "--n-genes", "20", "--image", "0"]
    said = told("simulate", "--study", "-o", tmp_path / "taken", *few)
    assert f"Expected to make the folder {tmp_path / 'taken'}, found: File exists. Choose another." in said


def test_a_slice_names_only_the_endings_it_takes(told):
    assert "Expected an output ending in .h5mu or .zarr, found x.csv." in told("simulate", "-o", "x.csv")
