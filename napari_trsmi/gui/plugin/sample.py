"""Sample sections for napari's Open Sample menu."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_trsmi.gui.session.state import OpenSection

_SPOTS, _SEED = 1500, 3


def open_sample() -> list[Any]:
    """Return the layers of the bundled sample slice: RNA and protein."""
    from napari_trsmi.data.sample import sample_path
    from napari_trsmi.gui.viewer.reader import open_section

    return _layers(lambda: open_section([sample_path()]))


def open_three_modalities() -> list[Any]:
    """Return the layers of a simulated slice with RNA, protein and chromatin, made in a second or two."""
    return _layers(_simulated)


def _layers(make: Callable[[], OpenSection]) -> list[Any]:
    """Return the layers of a section, and open the docks once napari, which wants them now, has added them."""
    from napari_trsmi.gui.viewer.docks import open_docks_once, viewer_in_use
    from napari_trsmi.gui.viewer.layers import section_layers
    from napari_trsmi.gui.viewer.sections import share_units
    from napari_trsmi.gui.viewer.sessions import session_of

    if (viewer := viewer_in_use()) is None:
        return section_layers(make())
    from qtpy.QtCore import Qt, QTimer
    from qtpy.QtWidgets import QApplication

    QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
    try:
        section = make()
    finally:
        QApplication.restoreOverrideCursor()
    QTimer.singleShot(0, lambda: open_docks_once(viewer))
    session_of(viewer)  # which draws what comes
    share_units(viewer, section)  # before napari adds its layers
    return section_layers(section)


def _simulated() -> OpenSection:
    from dataclasses import replace

    from napari_trsmi.data.simulate import simulate_dataset
    from napari_trsmi.gui.session.state import OpenSection

    dataset = simulate_dataset(n_spots=_SPOTS, modalities=("rna", "adt", "atac"), seed=_SEED)
    return OpenSection(replace(dataset, name="three modalities"))
