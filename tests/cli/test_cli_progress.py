"""Ctrl-C finishes and keeps; progress is a bar on a terminal and few lines elsewhere."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

import napari_trsmi as nt
from napari_trsmi.cli import main
from napari_trsmi.cli.progress import Interrupt, Progress, follow
from napari_trsmi.records import Step

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="there, signals cannot be sent to one process")


def step(epoch, n_epochs=100):
    return Step(epoch, n_epochs, {"total": 0.5}, 0.25, 0.2, 0.5, seconds=2.0 * (epoch - 1))


@pytest.fixture
def interrupt_at(monkeypatch):
    """Press Ctrl-C as many times as said when epoch 3 is shown."""

    def arm(times):
        def show(self, step, *, last=False):
            if step.epoch == 3:
                for _ in range(times):
                    signal.raise_signal(signal.SIGINT)

        monkeypatch.setattr(Progress, "show", show)

    return arm


def test_ctrl_c_finishes_and_keeps(tmp_path, short_fit, interrupt_at):
    interrupt_at(1)
    before = signal.getsignal(signal.SIGINT)
    out = tmp_path / "x.h5mu"
    assert main([*short_fit, "--train.epochs", "50", "-o", str(out), "--no-figure"]) == 0
    provenance = nt.read_result(out).provenance
    assert provenance["stopped"] is True
    assert len(provenance["history"]) in (3, 4)
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_twice_aborts_and_writes_nothing(tmp_path, short_fit, interrupt_at, capsys):
    interrupt_at(2)
    assert main([*short_fit, "-o", str(tmp_path / "x.h5mu"), "-q"]) == 130
    assert capsys.readouterr().err == "trsmi: interrupted.\n"
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def interruptible():
    """Let Ctrl-C interrupt, also where the tests were started in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_before_training_aborts(tmp_path, short_fit, monkeypatch, capsys):
    def prepare(*args, **named):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("napari_trsmi.stages.prepare", prepare)
    assert main([*short_fit, "-o", str(tmp_path / "x.h5mu"), "-q"]) == 130
    assert capsys.readouterr().err == "trsmi: interrupted.\n"


def test_a_reader_of_messages_that_is_gone_does_not_cost_the_result(tmp_path, short_fit, monkeypatch):
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Gone())
    assert main([*short_fit, "-o", str(tmp_path / "x.h5mu"), "--no-figure"]) == 0
    assert (tmp_path / "x.h5mu").exists()


def test_ctrl_c_is_given_back():
    before = signal.getsignal(signal.SIGINT)
    with Interrupt() as interrupt:
        assert signal.getsignal(signal.SIGINT) is before
        interrupt.watch()
        assert signal.getsignal(signal.SIGINT) is not before
        assert not interrupt.asked
    assert signal.getsignal(signal.SIGINT) is before


@posix_only
@pytest.mark.slow
def test_a_real_ctrl_c_ends_a_real_run_with_its_result(tmp_path, short_fit):
    out = tmp_path / "x.h5mu"
    words = [*short_fit, "--train.epochs", "100000", "-o", str(out), "--no-figure"]
    with subprocess.Popen([sys.executable, "-m", "napari_trsmi", *words], stderr=subprocess.PIPE, text=True) as running:
        seen = ""
        for line in running.stderr:
            seen += line
            if line.startswith("Epoch 1 of 100000"):
                running.send_signal(signal.SIGINT)
        assert running.wait(timeout=300) == 0, seen
    assert "Finishing now and keeping the result" in seen
    record = json.loads(out.with_suffix(".run.json").read_text())
    assert record["stopped"] is True
    assert 0 < len(record["history"]) < 1000


@posix_only
def test_a_reader_that_has_seen_enough_is_no_error():
    pipe = subprocess.Popen([sys.executable, "-m", "napari_trsmi", "fit", "--help"], stdout=-1, stderr=-1)
    pipe.stdout.close()
    assert pipe.stderr.read() == b""
    pipe.stderr.close()
    assert pipe.wait(timeout=60) == 0


def test_without_a_terminal_ten_lines_tell_the_progress(capsys):
    with Progress() as progress:
        for epoch in range(1, 101):
            progress.show(step(epoch), last=epoch == 100)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Epoch 1 of 100: loss 0.5000, beta 0.25"
    assert lines[5] == "Epoch 50 of 100: loss 0.5000, beta 0.25, 01:40 left"
    assert len(lines) == 12


def test_a_terminal_gets_a_bar(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress() as progress:
        for epoch in range(6, 11):  # as after a checkpoint
            progress.show(step(epoch, 10), last=epoch == 10)
    shown = terminal.getvalue()
    assert "Training: 100%" in shown
    assert "10/10" in shown
    assert "beta=0.25, loss=0.5000" in shown or "loss=0.5000, beta=0.25" in shown


def test_quiet_shows_nothing(capsys):
    Progress(quiet=True).show(step(1), last=True)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("quiet", [False, True])
def test_a_device_that_was_left_is_told_at_the_end(capsys, quiet):
    def steps():
        yield step(1, 1)
        unsupported = nt.Config(evidence={"support": False})
        return SimpleNamespace(config=unsupported, provenance={"devices_tried": {"mps": "no sparse tensors"}})

    follow(steps(), Interrupt(), quiet=quiet)
    told = capsys.readouterr().err.splitlines()
    assert told[-1:] == ([] if quiet else ["Training does not run on mps: no sparse tensors."])
