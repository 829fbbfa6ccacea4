"""The tour in a real window: it points at the real controls, follows them, and never stands in the way."""

from __future__ import annotations

import pytest
from opened_dock import open_section
from qtpy.QtCore import QRect, Qt
from qtpy.QtWidgets import QApplication, QDockWidget, QLineEdit, QWidget

from napari_trsmi.gui import anchors, remembered
from napari_trsmi.gui.support.job import SupportJob
from napari_trsmi.gui.tour.card import beside_of
from napari_trsmi.gui.tour.steps import NO_RESULT, NOT_DONE, SEARCHING, STEPS
from napari_trsmi.gui.tour.tour import DONE, NAME, Tour, start_tour
from napari_trsmi.gui.viewer.docks import DOCKS, open_dock, open_docks
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.workspace.arranging import docks_of


@pytest.fixture
def tour(viewer, qtbot):
    viewer.window.resize(1280, 800)
    open_docks(viewer)
    tour = start_tour(viewer)
    qtbot.wait(250)
    return tour


def control(tour, name):
    return next(w for w in tour.parent().findChildren(QWidget, name) if w.isVisible())


def place(widget):
    return QRect(widget.mapToGlobal(widget.rect().topLeft()), widget.size())


def is_around(frame, widget):
    """Return whether a frame lies around what can be seen of a widget, which may be scrolled, and not far from it."""
    seen = widget.visibleRegion().boundingRect()
    seen = QRect(widget.mapToGlobal(seen.topLeft()), seen.size())
    near = seen.adjusted(-10, -10, 10, 10)
    return frame.isVisible() and place(frame).contains(seen) and near.contains(place(frame))


def test_the_tour_is_there_with_the_first_dock_and_the_others_follow(viewer, qtbot):
    assert start_tour(viewer) is not None
    assert list(docks_of(viewer)) == ["Train"]
    qtbot.waitUntil(lambda: set(DOCKS) <= set(docks_of(viewer)), timeout=20_000)


@pytest.mark.slow
def test_every_step_points_at_its_control_and_covers_nothing_of_it(tour, viewer, qtbot, trained):
    assert is_around(tour.frame, control(tour, anchors.OPEN_SAMPLE))
    open_section(viewer, trained.dataset, trained)
    for number, name in (
        (0, anchors.SECTION),
        (1, anchors.RUN),
        (3, anchors.BOUNDARIES),
        (4, anchors.ACROSS),
        (5, anchors.SAVE),
    ):
        tour.go_to(number)
        qtbot.waitUntil(lambda name=name: is_around(tour.frame, control(tour, name)))
        assert not place(tour.card).intersects(place(control(tour, name)))
        assert tour.parent().rect().contains(tour.card.geometry())
        assert not tour.card.show_it.isVisible()


def test_what_a_person_clicks_leads_on(tour, qtbot):
    """The button in the frame takes the click, and the next step comes by itself once the section is open."""
    button = control(tour, anchors.OPEN_SAMPLE)
    window = tour.parent()
    at = button.mapTo(window, button.rect().center())
    assert window.childAt(at) is button  # and not the frame over it
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: tour.number == 1, timeout=60_000)
    assert is_around(tour.frame, control(tour, anchors.RUN))


@pytest.mark.slow
def test_the_frame_follows_a_dock_that_moves_or_floats(tour, viewer, qtbot, trained):
    open_section(viewer, trained.dataset, trained)
    tour.go_to(3)
    dock = docks_of(viewer)["Boundaries"]
    dock.setFloating(True)
    dock.move(30, 30)
    qtbot.wait(400)
    table = control(tour, anchors.BOUNDARIES)
    assert table.window() is dock
    assert is_around(tour.frame, table)
    dock.setFloating(False)
    tour.parent().addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    qtbot.wait(400)
    assert is_around(tour.frame, table)
    assert not place(tour.card).intersects(place(table))


@pytest.mark.slow
def test_keys_lead_through_it_and_escape_ends_it_for_good(tour, viewer, qtbot):
    tour.parent().activateWindow()
    tour.card.next.setFocus()
    qtbot.waitUntil(tour.card.next.hasFocus)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    assert tour.number == 1
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Left)
    assert tour.number == 0
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Left)  # there is none before
    assert tour.number == 0
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Right)
    assert tour.number == 1
    window = tour.parent()
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.findChildren(Tour) == [])
    assert window.findChildren(QWidget, "trsmi-tour") == []
    assert remembered.is_known(NAME)


def test_escape_ends_it_wherever_a_click_left_the_focus(tour, viewer, qtbot):
    window = tour.parent()
    window.activateWindow()
    text = next(one for one in window.findChildren(QLineEdit) if one.placeholderText() == "Find a setting")
    for focus in (text, viewer.window._qt_viewer.canvas.native):
        focus.setFocus()
        qtbot.waitUntil(lambda focus=focus: QApplication.focusWidget() is focus)
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
        if focus is text:  # which has its own use for the key
            assert window.findChildren(Tour) == [tour]
    qtbot.waitUntil(lambda: window.findChildren(Tour) == [])
    assert remembered.is_known(NAME)


@pytest.mark.slow
def test_a_person_who_does_something_else_is_left_alone_and_can_come_back(tour, viewer, qtbot, trained):
    open_section(viewer, trained.dataset, trained)
    tour.go_to(3)
    qtbot.wait(200)
    open_dock(viewer, "Trust")
    qtbot.waitUntil(lambda: not tour.frame.isVisible())
    assert tour.card.show_it.isVisible()
    assert docks_of(viewer)["Trust"].isVisible()
    qtbot.mouseClick(tour.card.show_it, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: tour.frame.isVisible())
    docks_of(viewer)["Boundaries"].close()
    qtbot.waitUntil(lambda: tour.frame is None or not tour.frame.isVisible())
    qtbot.mouseClick(tour.card.show_it, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: tour.frame is not None and tour.frame.isVisible())


@pytest.mark.slow
def test_a_step_says_what_it_lacks_and_when_it_is_done(tour, viewer, qtbot, trained):
    tour.go_to(3)
    assert tour.card.news.text() == NO_RESULT
    open_section(viewer, trained.dataset, trained)
    tour.look()
    assert tour.card.news.text() == ""
    session_of(viewer).select_boundary(0)
    tour.look()
    assert tour.card.news.text() == DONE


@pytest.mark.slow
def test_while_support_is_sought_its_heading_is_promised(tour, viewer, trained):
    open_section(viewer, trained.dataset, trained)
    tour.go_to(3)
    assert tour.card.news.text() == ""
    session_of(viewer).support.job = SupportJob(trained, None)  # which nobody begins
    tour.look()
    assert tour.card.news.text() == SEARCHING


@pytest.mark.slow
def test_while_a_run_goes_on_nobody_is_sent_back_to_run(tour, viewer, qtbot, sample, quick):
    open_section(viewer, sample)
    session = session_of(viewer)
    session.set_config(quick)
    session.start()
    tour.go_to(3)
    assert tour.card.news.text() == NOT_DONE
    session.cancel()
    tour.look()
    assert tour.card.news.text() == NO_RESULT


@pytest.mark.slow
def test_it_begins_anew_and_there_is_never_more_than_one(tour, viewer, qtbot):
    tour.go_to(2)
    again = start_tour(viewer)
    window = again.parent()
    qtbot.waitUntil(lambda: len(window.findChildren(QWidget, "trsmi-tour")) == 1)
    assert again.number == 0


@pytest.mark.slow
def test_a_window_that_closes_takes_the_tour_with_it(tour, viewer, qtbot):
    viewer.close()
    qtbot.wait(300)


def test_the_last_step_finishes(tour, qtbot):
    tour.go_to(len(STEPS) - 1)
    window = tour.parent()
    assert tour.card.next.text() == "&Finish"
    qtbot.mouseClick(tour.card.next, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.findChildren(Tour) == [])


def test_the_first_time_it_is_offered_and_then_no_more(viewer, qtbot, monkeypatch):
    monkeypatch.setattr(remembered, "_KNOWN", "of nobody")
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    qtbot.waitUntil(dock.offer.isVisible)
    qtbot.mouseClick(dock.offer.button, Qt.MouseButton.LeftButton)
    window = dock.window()
    qtbot.waitUntil(lambda: len(window.findChildren(Tour)) == 1)
    assert not dock.offer.isVisible()
    window.findChildren(Tour)[0].end()
    assert remembered.is_known(NAME)


@pytest.mark.slow
def test_the_offer_goes_once_something_is_open(viewer, qtbot, monkeypatch):
    monkeypatch.setattr(remembered, "_KNOWN", "of nobody")
    _, dock = viewer.window.add_plugin_dock_widget("napari-trsmi", "Train")
    qtbot.waitUntil(dock.offer.isVisible)
    viewer.open_sample("napari-trsmi", "slice")
    qtbot.waitUntil(lambda: dock.session.section is not None, timeout=20_000)
    assert not dock.offer.isVisible()
    assert not remembered.is_known(NAME)  # nobody put it away


def test_a_card_lies_beside_the_dock_on_whichever_side_there_is_room():
    from qtpy.QtCore import QSize

    window, size = QRect(0, 0, 1000, 700), QSize(290, 200)
    for dock in (QRect(640, 0, 360, 700), QRect(0, 0, 360, 700)):
        button = QRect(dock.left() + 40, 650, 80, 30)
        card = QRect(beside_of(button, size, window, dock), size)
        assert window.contains(card)
        assert not card.intersects(dock)
    whole = QRect(0, 0, 1000, 700)  # a dock as wide as the window: then beside the control
    card = QRect(beside_of(QRect(500, 300, 80, 30), size, window, whole), size)
    assert not card.intersects(QRect(500, 300, 80, 30))


def test_all_anchors_are_in_the_window_that_opens(viewer, qtbot):
    open_docks(viewer)
    window = next(iter(docks_of(viewer).values())).parent()
    for name in (value for key, value in vars(anchors).items() if key.isupper()):
        assert len(window.findChildren(QWidget, name)) == 1, name
    assert isinstance(next(iter(docks_of(viewer).values())), QDockWidget)


@pytest.mark.slow
def test_where_a_section_is_open_the_first_step_says_so(viewer, trained):
    open_docks(viewer)
    open_section(viewer, trained.dataset)
    tour = start_tour(viewer)
    assert "A section is open already" in tour.card.text.text()
    assert "Click Open sample" not in tour.card.text.text()
    tour.go_to(1)
    assert tour.card.text.text() == STEPS[1].text
