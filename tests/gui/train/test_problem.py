"""What went wrong stands in the dock: first words in sight, the rest on demand."""

from __future__ import annotations

from dock_by_hand import click, idle
from qtpy.QtCore import Qt

TEXT = "cut.h5ad is not complete: it ends after 12 of 40 MB. Expected a complete file at /a/cut.h5ad. Copy it again."


def test_the_first_words_are_seen_and_the_rest_unfolds_by_key(opened, qtbot):
    problem = opened.problem
    assert problem.isHidden()
    opened.session.failed.emit(TEXT)
    assert problem.isVisible()
    assert problem.first.text() == "cut.h5ad is not complete: it ends after 12 of 40 MB."
    assert not problem.rest.isVisible()
    problem.more.setFocus()
    qtbot.keyClick(problem.more, Qt.Key.Key_Space)
    assert problem.rest.isVisible()
    assert problem.rest.text() == "Expected a complete file at /a/cut.h5ad. Copy it again."
    assert problem.more.text() == "Less"
    opened.session.failed.emit("Expected a section, found none.")  # another one begins folded
    assert not problem.rest.isVisible()
    assert not problem.more.isVisible()


def test_it_goes_when_put_away_and_with_the_next_run(opened, qtbot, gate):
    problem = opened.problem
    opened.session.failed.emit(TEXT)
    click(qtbot, problem.away)
    assert problem.isHidden()
    opened.session.failed.emit(TEXT)
    gate.release(999)
    click(qtbot, opened.run_bar.run_button)
    assert problem.isHidden()
    idle(opened, qtbot)


def test_a_long_path_makes_the_dock_no_wider(opened, qtbot):
    before = opened.minimumSizeHint().width()
    opened.session.failed.emit(f"{'a' * 200}.h5ad is empty. Expected more at /{'b' * 300}.")
    opened.problem.more.click()
    qtbot.waitUntil(opened.problem.rest.isVisible)
    assert opened.minimumSizeHint().width() <= before
