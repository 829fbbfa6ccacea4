"""Names of a study's sections on the canvas: as much of each as can be read beside the next."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from opened_dock import open_section
from qtpy.QtGui import QFont, QFontMetricsF
from small_study import small_study

from napari_trsmi.data.study import stack
from napari_trsmi.gui.viewer.docks import open_docks
from napari_trsmi.gui.viewer.layers import NAMES
from napari_trsmi.gui.viewer.names import POINT
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.viewer.side_by_side import BLANK, fitted, rooms, width, written_names

LONG = ("mouse 1, left hemisphere, week 12", "MOUSE 2, WITH WIDE LETTERS", "mouse 3, left hemisphere, week 12")


@pytest.fixture
def viewer_alone():
    return ViewerModel()


def long_study(n_sections=3):
    """Sections with long names."""
    parts = zip(LONG[:n_sections], small_study().parts, strict=False)
    return stack({name: replace(part, name=name) for name, part in parts})


def check_none_overlap(viewer):
    """Nothing is drawn just before a name begins: neither by what is worked out nor by the pixels."""
    layer = session_of(viewer).canvas.layer(NAMES)
    camera, texts = viewer.scene.camera, names_of(viewer)
    left = (layer.data[:, 1] * layer.scale[1] - camera.center[-1]) * camera.zoom + viewer.canvas.size[1] / 2
    letter = layer.text.size * POINT
    found = sorted((x, x + width(text) * letter) for x, text in zip(left, texts, strict=True) if text)
    assert all(one[1] < following[0] for one, following in pairwise(found))
    shown = [one for one in viewer.layers if one.visible]
    for one in shown:
        one.visible = one is layer
    bar, viewer.canvas.overlays.scale_bar.visible = viewer.canvas.overlays.scale_bar.visible, False
    pixels = viewer.screenshot(flash=False)[..., :3].max(axis=2)
    lit = (pixels > pixels[0, 0] + 30).any(axis=0)
    for before, after in pairwise(found):
        begin, end = int(before[0]), int(after[0])
        assert lit[begin:end].any()
        assert not lit[end - int(BLANK * letter) + 3 : end - 1].any()
    viewer.canvas.overlays.scale_bar.visible = bar
    for one in shown:
        one.visible = True
    return found


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1000, 700), (1920, 1080)])
def test_names_do_not_overlap_in_a_window_with_docks_at_any_zoom(viewer, qtbot, size):
    open_docks(viewer)
    viewer.window.resize(*size)
    canvas = viewer.window._qt_viewer.canvas.native
    qtbot.wait(200)
    open_section(viewer, long_study())
    qtbot.waitUntil(lambda: canvas.width() < size[0])
    assert len(check_none_overlap(viewer)) == 3
    few = sum(map(len, names_of(viewer)))
    viewer.scene.camera.zoom *= 0.6
    assert check_none_overlap(viewer)
    assert sum(map(len, names_of(viewer))) < few
    viewer.scene.camera.zoom *= 30
    assert names_of(viewer) == list(LONG)
    viewer.scene.camera.zoom /= 1000
    assert names_of(viewer) == ["", "", ""]


def names_of(viewer):
    return session_of(viewer).canvas.layer(NAMES).text.values.tolist()


def test_a_hidden_section_stays_without_a_name_at_another_zoom(viewer_alone):
    session = session_of(viewer_alone)
    open_section(viewer_alone, long_study())
    session.parts.hide(frozenset({1}))
    viewer_alone.scene.camera.zoom *= 30
    assert names_of(viewer_alone) == [LONG[0], "", LONG[2]]
    session.parts.hide(frozenset())
    assert names_of(viewer_alone) == list(LONG)


def test_names_of_another_study_are_those_of_its_own_zoom(viewer_alone):
    session = session_of(viewer_alone)
    first = open_section(viewer_alone, long_study())
    shown = names_of(viewer_alone)
    open_section(viewer_alone, long_study(2))
    viewer_alone.scene.camera.zoom *= 30
    assert names_of(viewer_alone) == list(LONG[:2])
    session.activate(first)
    assert names_of(viewer_alone) == shown


def test_a_letter_is_never_wider_than_it_is_taken_to_be(qapp):
    font = QFont("DejaVu Sans")
    font.setPixelSize(100)
    measure = QFontMetricsF(font)
    for letter in map(chr, [*range(32, 127), *range(161, 256), ord("…")]):
        assert measure.horizontalAdvance(letter) <= 100 * width(letter) + 1, letter


def test_a_name_is_cut_in_its_middle_to_what_has_room():
    assert fitted("cortex", 9.0) == "cortex"
    for room in np.arange(0.0, 20.0, 0.5):
        cut = fitted(LONG[0], float(room))
        assert width(cut) <= room
        assert cut == "" or cut.startswith("m")
    assert fitted("a", 0.5) == ""
    assert fitted("a", 2.0) == "a"
    assert fitted("", 2.0) == ""


def test_rows_too_close_for_a_line_of_text_have_no_names():
    at = np.array([[0.0, 0.0], [3.0, 2.0], [10.0, 0.0], [12.0, 2.0], [0.0, 6.0], [7.0, 9.0]])
    study = SimpleNamespace(sections=(slice(0, 2), slice(2, 4), slice(4, 6)))
    room, below = rooms(study, at)
    assert room.tolist() == [10.0, 2.0, 12.0]
    assert below == 6.0
    assert rooms(SimpleNamespace(sections=study.sections[:2]), at[:4])[1] == np.inf
    assert all(written_names("abc", room, below))
    assert not any(written_names("abc", room, 1.0))
