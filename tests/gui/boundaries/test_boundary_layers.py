from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from napari_trsmi.gui.boundaries import layers
from napari_trsmi.gui.session.state import Coloring, OpenSection

WEAK, STRONG = layers.ON_LIGHT[0], layers.ON_LIGHT[-1]


@pytest.fixture
def edges() -> pd.DataFrame:
    """Four strokes of two boundaries; the third has no length."""
    return pd.DataFrame(
        {
            "segment": [0, 0, 1, 1],
            "domain_a": [0, 0, 1, 1],
            "domain_b": [1, 1, 2, 2],
            "confidence": [0.0, 1.0, 0.5, np.nan],
            "contrast_rna": [0.0, 2.0, -1.0, 1.0],
            "x0": [1.0, 2.0, 5.0, 3.0],
            "y0": [10.0, 20.0, 5.0, 30.0],
            "x1": [4.0, 2.0, 5.0, 3.0],
            "y1": [10.0, 26.0, 5.0, 33.0],
        }
    )


def test_strokes_run_from_row_and_column_along_their_direction_in_the_world_of_the_spots(sample, edges):
    data, settings, kind = layers.boundaries_layer(OpenSection(sample), layers.drawn(edges), "confidence")
    assert kind == "vectors"
    assert data.tolist() == [[[10, 1], [0, 3]], [[20, 2], [6, 0]], [[30, 3], [3, 0]]]
    assert settings["scale"] == (sample.microns_per_unit, sample.microns_per_unit)
    assert settings["edge_width"] == 0.3 * sample.spot_diameter


def test_a_stroke_without_length_is_not_drawn(edges):
    assert layers.drawn(edges)["confidence"].tolist()[:2] == [0.0, 1.0]
    assert len(layers.drawn(edges)) == 3


def test_weak_and_strong_strokes_have_the_ends_of_the_ramp_and_unknown_ones_neither(edges):
    colors = layers.stroke_colors(edges, "confidence")
    assert colors[0, :3] == pytest.approx(WEAK)
    assert colors[1, :3] == pytest.approx(STRONG)
    assert colors[2, :3] == pytest.approx(layers.ON_LIGHT[2])
    assert tuple(colors[3, :3]) == layers.NO_VALUE


@pytest.mark.parametrize("eye", ["", "deuteranomaly", "protanomaly"])
def test_every_eye_sees_strokes_grow_darker_or_lighter_the_stronger_they_are(eye):
    from colorspacious import cspace_convert

    def lightness(ramp):
        seen = np.array(ramp)
        if eye:
            seen = np.clip(cspace_convert(seen, {"name": "sRGB1+CVD", "cvd_type": eye, "severity": 100}, "sRGB1"), 0, 1)
        return cspace_convert(seen, "sRGB1", "CIELab")[:, 0]

    assert (np.diff(lightness(layers.ON_LIGHT)) < -7).all()
    assert (np.diff(lightness(layers.ON_DARK)) > 7).all()


def test_strong_strokes_are_dark_on_a_light_canvas_and_on_domains_that_cover_it(sample):
    grid = np.stack(np.mgrid[:50, :50], axis=-1).reshape(2500, 2) * 1.0
    discs, squares = OpenSection(sample), OpenSection(replace(sample, coords=grid, spot_diameter=None))
    low, high = (Coloring("Confidence", np.full(2500, value), limits=(0.0, 1.0)) for value in (0.1, 0.95))
    domains = Coloring("Runner-up", np.zeros(2500, int), colors=("#ffd800",))
    assert layers.ramp_on(discs, None, dark_canvas=True) is layers.ON_DARK
    assert layers.ramp_on(discs, None, dark_canvas=False) is layers.ON_LIGHT
    assert layers.ramp_on(squares, None, dark_canvas=True) is layers.ON_LIGHT
    assert layers.ramp_on(squares, domains, dark_canvas=True) is layers.ON_LIGHT
    assert layers.ramp_on(squares, low, dark_canvas=False) is layers.ON_DARK
    assert layers.ramp_on(squares, high, dark_canvas=True) is layers.ON_LIGHT
    assert layers.rim_color(squares, layers.ON_LIGHT) == (1, 1, 1, 1)  # yellow would be lost on a yellow domain
    assert layers.rim_color(squares, layers.ON_DARK) == (0, 0, 0, 1)
    assert layers.rim_color(discs, layers.ON_DARK) == layers.HIGHLIGHT


def test_no_contrast_and_a_reversed_one_are_weak(edges):
    colors = layers.stroke_colors(edges, "contrast_rna")
    assert colors[0, :3] == pytest.approx(WEAK)
    assert colors[2, :3] == pytest.approx(WEAK)
    assert layers.limits(edges, "contrast_rna")[0] == 0.0


def test_strokes_between_hidden_domains_are_transparent_and_a_domain_alone_keeps_its_outline(edges):
    def opaque(*hidden):
        return layers.stroke_colors(edges, "confidence", frozenset(hidden))[:, 3].tolist()

    pairs = list(zip(edges["domain_a"], edges["domain_b"], strict=True))
    for alone in {domain for pair in pairs for domain in pair}:
        others = {domain for pair in pairs for domain in pair} - {alone}
        assert opaque(*others) == [float(alone in pair) for pair in pairs]
    assert opaque() == [1] * len(pairs)


def test_the_rim_has_the_strokes_of_one_segment(sample, edges):
    data, _, _ = layers.boundary_layer(OpenSection(sample), layers.drawn(edges), 0)
    assert data[:, 0].tolist() == [[10, 1], [20, 2]]


def test_lines_go_from_the_spot_to_its_correspondences_the_strongest_opaque(sample):
    row = sparse.csr_matrix(([0.5, 0.1, 0.4], ([0, 0, 0], [7, 3, 9])), (1, sample.n_spots))
    data, settings, _ = layers.correspondence_layer(OpenSection(sample), 7, row)
    coords = sample.coords[:, ::-1]
    assert np.allclose(data[:, 0], coords[7])
    assert np.allclose(data.sum(axis=1), coords[[3, 9]])  # none to itself
    opacity = settings["edge_color"][:, 3]
    assert opacity[1] == pytest.approx(1.0)
    assert opacity[0] == pytest.approx(0.15 + 0.85 * 0.25)


def test_the_box_around_strokes_is_in_the_world(sample, edges):
    center, size = layers.extent(edges[:2], sample)
    assert center == pytest.approx(np.array([18.0, 2.5]) * sample.microns_per_unit)
    assert size == pytest.approx(np.array([16.0, 3.0]) * sample.microns_per_unit)
