"""A trained run is kept, whatever becomes of its output."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

from napari_trsmi.cli import main
from napari_trsmi.data import writers


def test_a_disk_that_is_full_at_the_end_leaves_a_rescue_copy(tmp_path, short_fit, monkeypatch, capsys):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writers, "write_table", full)
    assert main([*short_fit, "-q", "--no-figure", "-o", str(tmp_path / "x.h5mu")]) == 2
    said = capsys.readouterr().err
    assert "found it full" in said
    assert f"Domains, confidence, embedding and run.json are in {tmp_path / 'x.rescue'} instead." in said
    assert json.loads((tmp_path / "x.rescue" / "run.json").read_text())["n_domains"] == 7


@pytest.mark.slow
def test_a_figure_that_cannot_be_drawn_is_told_and_does_not_cost_the_result(tmp_path, short_fit, monkeypatch, capsys):
    def broken(*_, **__):
        raise TypeError("set_text(): incompatible function arguments")

    monkeypatch.setattr("napari_trsmi.figure.draw", broken)
    out = tmp_path / "x.h5mu"
    assert main([*short_fit, "-q", "-o", str(out)]) == 2
    assert out.exists()
    said = capsys.readouterr().err
    assert f"found TypeError: set_text(): incompatible function arguments. The result is in {out}" in said


@pytest.mark.skipif(sys.platform == "win32", reason="has no such permissions")
def test_a_read_only_output_is_refused_before_training_and_replaced_by_force(tmp_path, short_fit, capsys):
    out = tmp_path / "x.h5mu"
    out.write_text("old")
    out.chmod(0o444)
    words = [*short_fit, "-q", "--no-figure", "-o", str(out)]
    assert main(words) == 2
    assert "found it read-only" in capsys.readouterr().err
    assert out.read_text() == "old"
    assert main([*words, "--force"]) == 0
    assert out.stat().st_size > 1000


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="has no /dev/full")
@pytest.mark.parametrize("streams", [">/dev/full 2>&-", ">&- 2>/dev/full"])
def test_closed_or_full_streams_do_not_cost_the_result(tmp_path, short_fit, streams):
    out = tmp_path / "x.h5mu"
    words = [sys.executable, "-m", "napari_trsmi", *short_fit, "--no-figure", "-o", str(out)]
    command = " ".join(f"'{word}'" for word in words)
    subprocess.run(["sh", "-c", f"{command} {streams}"], cwd=Path(__file__).parents[2], check=True)
    assert out.exists()
    assert (tmp_path / "x.run.json").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use stays")
def test_a_working_folder_that_was_removed_is_told(tmp_path, monkeypatch, capsys):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert main(["info"]) == 2
    assert "Expected a folder to work in, found that it was removed" in capsys.readouterr().err
