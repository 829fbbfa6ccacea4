"""Colour by, in a study: what was not measured has no colour, what was predicted only on demand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from small_study import small_study

from napari_trsmi.gui.color.suggestions import suggested
from napari_trsmi.gui.finding import maps
from napari_trsmi.gui.finding.features import COLUMN, Feature, FeatureIndex, coloring_by
from napari_trsmi.gui.finding.uneven import most_uneven
from napari_trsmi.gui.session.state import OpenSection
from napari_trsmi.gui.viewer.layers import NO_VALUE, spot_colors


@dataclass
class Predicting:
    """What a result knows about modalities that were not measured."""

    dataset: Any
    predicted: dict[str, np.ndarray] = field(default_factory=dict)


@pytest.fixture
def study():
    return small_study()


@pytest.fixture
def result(study):
    table = study.modalities["adt"]
    values = np.full((study.n_spots, table.table.n_vars), np.nan)
    values[~table.measured] = 1.0 + np.arange(table.table.n_vars)
    return Predicting(study, {"adt": values})


def test_spots_without_the_modality_are_grey_and_not_zero(study):
    adt = study.modalities["adt"]
    name = adt.table.var_names[0]
    coloring = maps.feature_coloring(study, "adt", name)
    assert np.array_equal(np.isnan(coloring.values), ~adt.measured)
    colors = spot_colors(OpenSection(study), coloring)
    assert (colors[~adt.measured] == np.float32(NO_VALUE)).all()


def test_several_together_need_all(study):
    rna, adt = (study.modalities[name] for name in ("rna", "adt"))
    each = (maps.feature_coloring(study, name, one.table.var_names[0]) for name, one in (("rna", rna), ("adt", adt)))
    coloring = maps.together([maps.channel(one, "#00ff00") for one in each])
    lacking = np.isnan(coloring.values).any(axis=1)
    assert np.array_equal(~lacking, rna.measured & adt.measured)


def test_what_was_predicted_is_found_by_name_and_never_suggested(study, result):
    index = FeatureIndex(study, result.predicted)
    assert index.modalities[-1] == "adt, predicted"
    name = study.modalities["adt"].table.var_names[2]
    found = [feature for feature in index.search(name) if feature.modality == "adt, predicted"]
    assert [feature.name for feature in found] == [name]
    groups = suggested(study, index)
    assert "adt, predicted" not in {feature.modality for group in groups for feature in group.features}
    (group,) = suggested(study, index, "adt, predicted")
    assert group.title == "adt, predicted"


def test_what_was_predicted_has_values_only_where_nothing_was_measured(study, result):
    name = study.modalities["adt"].table.var_names[2]
    coloring = coloring_by(study, Feature("adt, predicted", name), result)
    assert coloring.title == f"{name} (adt, predicted)"
    measured = study.modalities["adt"].measured
    assert np.isnan(coloring.values[measured]).all()
    assert (coloring.values[~measured] == 3.0).all()


def test_sections_are_a_column(study):
    index = FeatureIndex(study)
    assert suggested(study, index)[0].features[0].name == "section of the study"
    coloring = coloring_by(study, Feature(COLUMN, "section of the study"))
    assert np.array_equal(coloring.values, study.section)
    assert coloring.names == ("a", "b", "c")


def test_a_batch_makes_no_feature_uneven(study):
    rna = study.modalities["rna"]
    values = np.full(rna.table.shape, 20.0, np.float32)
    values[:, 0] = 1.0 + 20.0 * study.section  # differs between sections only
    values[:, 1] = np.arange(study.n_spots) % 40  # and this one within
    values[~rna.measured] = 0.0
    table = rna.table.copy()
    table.X = values
    batch = replace(study, modalities={**study.modalities, "rna": replace(rna, table=table)})
    assert most_uneven(batch, "rna", 1) == [str(table.var_names[1])]
