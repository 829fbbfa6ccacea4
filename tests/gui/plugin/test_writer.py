"""File > Save of layers that belong to a section."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from napari.layers import Layer

import napari_trsmi as nt
from napari_trsmi.gui.plugin.writer import write_result
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.viewer.layers import section_layers


def test_layers_saved_from_the_viewer_hold_the_domains(viewer, sample, trained, tmp_path):
    section = OpenSection(sample, trained)
    for data in section_layers(section):
        viewer.add_layer(Layer.create(*data))
    path = tmp_path / "out.h5mu"
    files = viewer.layers.save(str(path), plugin="napari-trsmi")
    assert files[0] == str(path)
    assert all(Path(file).exists() for file in files)
    assert len(files) == 4
    assert section.path == path
    np.testing.assert_array_equal(nt.restore(path).labels, trained.labels)


@pytest.mark.parametrize("case", ["strangers", "two sections", "no result"])
def test_layers_without_a_result_are_refused_in_a_sentence(sample, trained, tmp_path, case):
    ours = section_layers(OpenSection(sample, None if case == "no result" else trained))
    layers = {
        "strangers": [(np.zeros((2, 2)), {"metadata": {}}, "points")],
        "two sections": [*ours, *section_layers(OpenSection(sample, trained))],
        "no result": ours,
    }[case]
    with pytest.raises(nt.DataError, match=r"Expected .* found .*"):
        write_result(str(tmp_path / "out.h5mu"), layers)
    assert list(tmp_path.iterdir()) == []
