"""Every format in a real viewer, as a person opens it and as a script does."""

from __future__ import annotations

import shutil
from threading import current_thread, main_thread

import numpy as np
import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QLabel

import napari_trsmi as nt
from napari_trsmi.data.sample import sample_path
from napari_trsmi.data.tables import read_table, write_table
from napari_trsmi.gui.viewer import docks, library_picker, opening
from napari_trsmi.gui.viewer.lane import lane_of
from napari_trsmi.gui.viewer.opening import open_soon
from napari_trsmi.gui.viewer.sections import sections_in
from napari_trsmi.gui.viewer.sessions import session_of
from napari_trsmi.gui.viewer.studies import ALL

PLUGIN = "napari-trsmi"


@pytest.fixture
def errors(monkeypatch):
    """What a person was told went wrong."""
    told = []
    monkeypatch.setattr(notification_manager, "dispatch", lambda news: told.append(str(news.message)))
    return told


def as_a_person(qtbot, do):
    """Do something from the event loop, as menus and drops do."""
    done = []

    def work():
        try:
            done.append(do())
        except Exception as error:
            done.append(error)

    QTimer.singleShot(0, work)
    qtbot.waitUntil(lambda: bool(done), timeout=60_000)
    if isinstance(done[0], Exception):
        raise done[0]
    qtbot.wait(1)
    return done[0]


def open_as_a_person(qtbot, viewer, path):
    """Open something with napari's own Open or a drop, wait until it was read, and return the layers."""
    assert as_a_person(qtbot, lambda: viewer.open(path, plugin=PLUGIN)) == []  # they come once it was read
    lane = lane_of(session_of(viewer))
    qtbot.waitUntil(lambda: not lane.line, timeout=60_000)
    qtbot.wait(100)  # layers come one by one, the spots last
    if viewer.layers:
        qtbot.waitUntil(lambda: "spots" in roles(viewer.layers), timeout=20_000)
    return list(viewer.layers)


def roles(layers):
    return [layer.metadata["trsmi"]["role"] for layer in layers]


def section(layers):
    return layers[0].metadata["trsmi"]["section"]


@pytest.fixture
def two_files(tmp_path, make_table):
    """RNA with coordinates and protein of the same spots, each in its own file."""
    paths = [tmp_path / "a_rna.h5ad", tmp_path / "a_adt.h5ad"]
    make_table().write_h5ad(paths[0])
    make_table(n_features=20, prefix="protein", mean=20.0, seed=1).write_h5ad(paths[1])
    return [str(path) for path in paths]


def test_a_file_gives_image_and_spots(viewer):
    layers = viewer.open(sample_path(), plugin=PLUGIN)
    assert roles(layers) == ["image", "spots"]
    assert section(layers).dataset.n_spots == len(layers[1].data) == 2500


def test_two_files_opened_together_are_one_section(viewer, two_files):
    layers = viewer.open(two_files, stack=True, plugin=PLUGIN)
    assert sorted(section(layers).dataset.modalities) == ["adt", "rna"]


@pytest.mark.slow
def test_files_with_different_endings_are_one_section(viewer, qtbot, tmp_path, two_files, make_table, make_mudata):
    adt = make_table(n_features=20, prefix="protein", mean=20.0, seed=1)
    write_table(make_mudata({"adt": adt}), tmp_path / "adt.h5mu", ".h5mu")
    open_soon(session_of(viewer), [two_files[0], str(tmp_path / "adt.h5mu")])
    qtbot.waitUntil(lambda: len(viewer.layers) > 0, timeout=30_000)
    assert roles(viewer.layers) == ["spots"]
    assert list(section(viewer.layers).dataset.modalities) == ["rna", "adt"]


@pytest.mark.slow
def test_an_ending_in_capitals_opens(viewer, tmp_path, two_files):
    shutil.copy(two_files[0], tmp_path / "A.H5AD")
    assert roles(viewer.open(tmp_path / "A.H5AD", plugin=PLUGIN)) == ["spots"]


@pytest.mark.slow
def test_a_zarr_folder_opens(viewer, tmp_path, make_mudata):
    path = tmp_path / "section.zarr"
    write_table(make_mudata(), path, ".zarr")
    assert section(viewer.open(path, plugin=PLUGIN)).dataset.n_spots == 36


@pytest.mark.slow
def test_a_space_ranger_folder_opens(viewer, shared_data):
    layers = viewer.open(shared_data / "visium_mouse", plugin=PLUGIN)
    assert roles(layers) == ["image", "spots"]


def test_a_saved_result_opens_with_its_domains(viewer, fitted):
    layers = viewer.open(fitted.path, plugin=PLUGIN)
    saved = nt.read_result(fitted.path)
    opened = section(layers)
    assert roles(layers) == ["image", "spots", "domains"]
    assert np.array_equal(opened.result.labels, saved.labels)
    assert (opened.result.names, opened.result.palette) == (saved.names, saved.colors)
    assert opened.path == fitted.path


@pytest.mark.slow
def test_a_saved_result_that_cannot_be_used_leaves_the_data(viewer, fitted, tmp_path):
    mdata = read_table(fitted.path)
    for table in [mdata, *mdata.mod.values()]:
        table.obsm.pop("X_trsmi", None)
    path = tmp_path / "cut.h5mu"
    write_table(mdata, path, ".h5mu")
    layers = viewer.open(path, plugin=PLUGIN)
    assert roles(layers) == ["image", "spots"]
    assert section(layers).dataset.notes[-1].startswith("The domains in this file could not be used. Expected X_trsmi")


def test_the_docks_open_once_when_a_person_opens_files(viewer, qtbot, two_files):
    open_as_a_person(qtbot, viewer, two_files[0])
    qtbot.waitUntil(lambda: len(viewer.window.dock_widgets) >= 3, timeout=20_000)


@pytest.mark.slow
def test_what_napari_opens_is_read_in_a_thread(viewer, qtbot, two_files, monkeypatch):
    readers = []
    read = opening.read_files
    monkeypatch.setattr(opening, "read_files", lambda *how: readers.append(current_thread()) or read(*how))
    layers = open_as_a_person(qtbot, viewer, two_files[0])
    assert section(layers).dataset.n_spots == 36
    assert readers != [main_thread()]


@pytest.mark.slow
def test_the_docks_do_not_open_for_a_script(viewer, qtbot, two_files):
    viewer.open(two_files[0], plugin=PLUGIN)
    QApplication.processEvents()
    assert docks.docks_of(viewer) == {}


def test_docks_that_were_opened_before_are_left_as_they_are(viewer, monkeypatch):
    monkeypatch.setattr(
        viewer.window.__class__, "add_plugin_dock_widget", lambda *args, **kwargs: pytest.fail("opened")
    )
    docks._OPENED.add(viewer)
    docks.open_docks_once(viewer)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "broken.h5ad is empty. Expected a file with content at {}, found an empty one. Copy or write it again."),
        (
            b"not hdf5",
            "broken.h5ad is text, whatever its name says. "
            "Expected an HDF5 file at {}, found other content. Choose an .h5ad or .h5mu file.",
        ),
    ],
)
def test_a_broken_file_is_one_sentence_for_a_person(viewer, qtbot, errors, tmp_path, content, problem):
    path = tmp_path / "broken.h5ad"
    path.write_bytes(content)
    assert open_as_a_person(qtbot, viewer, path) == []
    qtbot.waitUntil(lambda: bool(errors))
    assert errors == [problem.format(path)]


@pytest.mark.slow
def test_a_file_without_coordinates_is_told_to_be_opened_with_another(viewer, qtbot, errors, tmp_path, make_table):
    path = tmp_path / "adt.h5ad"
    make_table(spatial=False).write_h5ad(path)
    open_as_a_person(qtbot, viewer, path)
    qtbot.waitUntil(lambda: bool(errors))
    assert errors[0].endswith("Or open it together with the file that has them: Open… in the dock Train.")


@pytest.mark.slow
def test_a_sentence_stays_to_be_read_in_the_dock(viewer, qtbot, tmp_path):
    (tmp_path / "broken.h5ad").write_bytes(b"not hdf5")
    as_a_person(qtbot, lambda: viewer.open(tmp_path / "broken.h5ad", plugin=PLUGIN))
    qtbot.waitUntil(lambda: docks.TRAIN in str(list(viewer.window.dock_widgets)), timeout=20_000)
    _, train = viewer.window.add_plugin_dock_widget(PLUGIN, docks.TRAIN)
    qtbot.waitUntil(lambda: any("HDF5" in label.text() for label in train.findChildren(QLabel)))


@pytest.mark.slow
def test_the_whole_section_is_to_be_seen_beside_the_docks(viewer, qtbot):
    viewer.window.resize(1280, 800)
    as_a_person(qtbot, lambda: viewer.open_sample(PLUGIN, "slice"))

    def fits():
        low, high = viewer.layers.extent.world
        drawn = (high - low)[-2:] * viewer.scene.camera.zoom
        return len(viewer.window.dock_widgets) >= 3 and bool((drawn < viewer.canvas.size).all())

    qtbot.waitUntil(fits, timeout=20_000)


def test_a_broken_file_is_an_exception_for_a_script(viewer, tmp_path):
    path = tmp_path / "broken.h5ad"
    path.write_bytes(b"not hdf5")
    with pytest.raises(nt.DataError, match="Expected an HDF5 file"):
        viewer.open(path, plugin=PLUGIN)


@pytest.fixture
def two_libraries(tmp_path, make_table):
    table = make_table()
    table.obs["library_id"] = ["left"] * 18 + ["right"] * 18
    table.uns["spatial"] = {"left": {}, "right": {}}
    path = tmp_path / "two.h5ad"
    table.write_h5ad(path)
    return path


@pytest.mark.slow
def test_a_person_picks_one_of_several_libraries(viewer, qtbot, two_libraries, monkeypatch):
    monkeypatch.setattr(library_picker, "choose", lambda names, **_: names[1])
    layers = open_as_a_person(qtbot, viewer, two_libraries)
    assert (section(layers).dataset.library, section(layers).dataset.n_spots) == ("right", 18)


@pytest.mark.slow
def test_all_libraries_of_a_file_open_as_one_study(viewer, qtbot, two_libraries, monkeypatch):
    asked = []
    monkeypatch.setattr(library_picker, "choose", lambda names, together: asked.append(together) or ALL)
    layers = open_as_a_person(qtbot, viewer, two_libraries)
    assert asked == [True]
    assert roles(layers) == ["names", "spots"]
    assert section(layers).dataset.section_names == ("left", "right")


@pytest.mark.slow
def test_picking_none_opens_nothing_and_says_nothing(viewer, qtbot, errors, two_libraries, monkeypatch):
    monkeypatch.setattr(library_picker, "choose", lambda names, **_: None)
    assert open_as_a_person(qtbot, viewer, two_libraries) == []
    assert errors == []


def test_a_script_is_told_to_choose_a_library(viewer, two_libraries):
    with pytest.raises(nt.DataError, match=r"found the libraries \['left', 'right'\]"):
        viewer.open(two_libraries, plugin=PLUGIN)


def test_the_picker_gives_what_is_marked(qtbot):
    picker = library_picker.LibraryPicker(["left", "right"])
    qtbot.addWidget(picker)
    assert picker.value() == "left"
    picker.sections.setCurrentRow(1)
    assert picker.value() == "right"
    picker.all_button.click()
    assert picker.wants_all


@pytest.mark.slow
def test_the_scale_bar_keeps_its_unit_beside_a_section_without_one(viewer, qtbot, errors, two_files):
    open_as_a_person(qtbot, viewer, two_files[0])
    as_a_person(qtbot, lambda: viewer.open_sample(PLUGIN, "slice"))
    qtbot.waitUntil(lambda: len(sections_in(viewer)) == 2, timeout=60_000)
    assert {str(unit) for unit in viewer.layers.units} == {"micrometer"}
    session = session_of(viewer)
    session.activate(section([layer for layer in viewer.layers if layer.name == "a_rna spots"]))
    assert {str(unit) for unit in viewer.layers.units} == {"pixel"}
    assert not viewer.canvas.overlays.scale_bar.visible  # no millipixels
    session.activate(section([layer for layer in viewer.layers if layer.name == "trsmi_slice spots"]))
    assert viewer.canvas.overlays.scale_bar.visible
    assert errors == []


@pytest.mark.slow
def test_the_samples_open(viewer):
    assert roles(viewer.open_sample(PLUGIN, "slice")) == ["image", "spots"]
    layers = viewer.open_sample(PLUGIN, "three_modalities")
    assert list(section(layers).dataset.modalities) == ["rna", "adt", "atac"]


@pytest.mark.slow
def test_the_sample_opens_from_where_a_wheel_puts_it(viewer, monkeypatch, tmp_path):
    from napari_trsmi.data import sample

    package = tmp_path / "napari_trsmi"
    (package / "sample_data").mkdir(parents=True)
    shutil.copy(sample_path(), package / "sample_data")
    monkeypatch.setattr(sample, "files", lambda name: package)
    layers = viewer.open_sample(PLUGIN, "slice")
    assert section(layers).dataset.sources[0].parent == package / "sample_data"
