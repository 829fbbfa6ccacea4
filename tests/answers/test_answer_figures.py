"""Figures of what differs show what the tables say."""

from __future__ import annotations

import numpy as np
import pytest

import napari_trsmi as nt
from napari_trsmi.answers.figures import LARGEST, draw_dots, draw_violins, draw_volcano, heights
from napari_trsmi.answers.groups import group_of, rest_of


@pytest.fixture(scope="module")
def found():
    dataset = nt.read(nt.sample_path())
    return dataset, nt.differ(dataset, "domain=layer 1")


def test_heights_go_on_where_p_is_too_small_for_a_number(found):
    table = found[1].tables["rna"].head(3).assign(score=[60.0, 5.0, 2.0], p=[0.0, 5.7e-7, 0.0455])
    high = heights(table)
    assert high[0] == LARGEST
    assert np.allclose(high[1:], [6.24, 1.34], atol=0.01)
    assert heights(table.assign(p=[0.0, 0.0, 0.5]))[1] == pytest.approx(6.24, abs=0.01)


def test_a_volcano_has_a_panel_per_modality_with_a_dot_per_feature(found):
    figure = draw_volcano(found[1])
    assert [axes.get_title() for axes in figure.axes] == ["rna", "adt"]
    for axes, table in zip(figure.axes, found[1].tables.values(), strict=True):
        assert sum(len(dots.get_offsets()) for dots in axes.collections) == len(table)


def test_dots_and_violins_have_a_place_per_group(found):
    dataset, difference = found
    groups = [difference.a, rest_of(difference.a), group_of("domain=layer 2", dataset)]
    features = [("rna", difference.tables["rna"]["feature"][0]), ("adt", difference.tables["adt"]["feature"][0])]
    axes = draw_dots(dataset, features, groups).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["domain layer 1", "rest", "domain layer 2"]
    assert len(axes.collections[0].get_offsets()) == 6
    panels = draw_violins(dataset, features, groups[:2]).axes
    assert len(panels) == 2
    own = panels[0].lines[0].get_ydata()[0]
    assert own > panels[0].lines[1].get_ydata()[0] or difference.tables["rna"]["more_in"][0] == "b"


def test_names_with_dollars_are_no_formulas(found, tmp_path):
    from dataclasses import replace

    dataset, difference = found
    group = replace(difference.a, name="$\\bad{$")
    figure = draw_dots(dataset, [("adt", difference.tables["adt"]["feature"][0])], [group, difference.b])
    figure.savefig(tmp_path / "x.png")
    draw_volcano(replace(difference, a=group), ["adt"]).savefig(tmp_path / "y.png")


def test_violins_beside_each_other_have_room_for_the_names_of_their_groups(found):
    dataset, difference = found
    features = [("rna", str(name)) for name in difference.tables["rna"]["feature"][:3]]
    groups = [difference.a, rest_of(difference.a)]
    for width in (2.8, 5.0):
        figure = draw_violins(dataset, features, groups, width)
        figure.canvas.draw()
        for axes in figure.axes[:3]:
            first, second = (label.get_window_extent() for label in axes.get_xticklabels())
            assert first.x1 + 4 < second.x0, width
