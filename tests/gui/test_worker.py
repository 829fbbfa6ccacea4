from __future__ import annotations

import numpy as np

from napari_trsmi.gui.sample import open_sample
from napari_trsmi.gui.session import session_of


def test_a_run_in_the_window_gives_the_labels_of_python(viewer, qtbot, quick, trained):
    for data in open_sample():
        viewer.add_layer(_layer(data))
    session = session_of(viewer)
    session.set_config(quick)
    session.start()
    qtbot.waitUntil(lambda: session.state == "idle", timeout=60_000)
    assert np.array_equal(session.result.labels, trained.labels)
    assert [layer.metadata["trsmi"]["role"] for layer in viewer.layers] == ["image", "spots", "domains"]


def _layer(data):
    from napari.layers import Layer

    return Layer.create(*data)
