"""Evidence of sections that are taken for large ones."""

from __future__ import annotations

import numpy as np
import pytest
from large_section import CONFIG, COORDS, SPATIAL, K, as_large, measured, prepared  # noqa: F401
from sklearn.metrics import adjusted_rand_score

from napari_trsmi.evidence import number_curve, supported
from napari_trsmi.evidence.cuts import FEWER_FRESH, N_WAYS
from napari_trsmi.evidence.technical import find_technical
from napari_trsmi.previews import Previews
from napari_trsmi.records import Step, drain
from napari_trsmi.stages import assemble, cut

VALUES = measured()


@pytest.fixture
def section():
    return prepared(VALUES)


def test_every_boundary_gets_its_support_and_most_an_effect(section, as_large):  # noqa: F811
    embedding = np.hstack(list(section.features.values()))
    as_large()
    result = assemble(section, CONFIG, embedding, cut(embedding, section, CONFIG, K, None))
    found = drain(supported(result, section))
    assert found.provenance["support"]["n_cuts"] == 2 * (N_WAYS + FEWER_FRESH)
    assert found.cuts.shape == (len(embedding), 2 * (N_WAYS + FEWER_FRESH))
    assert found.boundaries["support"].notna().all()
    assert np.average(found.boundaries["support"], weights=found.boundaries["n_edges"]) > 0.7
    assert found.boundaries["effect_rna"].notna().mean() > 0.5


def test_the_number_of_domains_is_looked_for_in_pieces_of_the_tissue(section, as_large):  # noqa: F811
    as_large()
    found = drain(number_curve(np.hstack(list(section.features.values())), section, CONFIG, (2, K, 2 * K)))
    assert found.numbers == (2, K, 2 * K)
    assert found.chosen == K


def test_a_preview_of_a_large_section_is_cut_roughly(section, as_large):  # noqa: F811
    as_large()
    embedding = np.hstack(list(section.features.values()))
    shown = Previews(section, CONFIG).label(Step(1, 2, {}, 0.0, 1.0, 1.0, embedding=embedding))
    assert adjusted_rand_score(shown.labels, cut(embedding, section, CONFIG, K, None).labels) > 0.6


@pytest.mark.slow
def test_a_step_and_a_fall_of_the_depth_are_found_in_a_large_section(as_large):  # noqa: F811
    x, y = (COORDS / 2).T
    stepped = VALUES["rna"] + 6 * (x + 0.5 * y > 25)[:, None] * np.eye(12, dtype=np.float32)[0]
    depth = 5 + x / 10 + 0.2 * np.random.default_rng(0).standard_normal(len(x))
    followed = VALUES["adt"] + 0.3 * (x - x.mean())[:, None] * np.eye(6, dtype=np.float32)[0]
    given = {"rna": stepped, "adt": followed}
    whole = find_technical(given, SPATIAL, COORDS, {"adt": depth})
    as_large()
    found = find_technical(given, SPATIAL, COORDS, {"adt": depth})
    assert {(one.modality, one.what) for one in found} == {(one.modality, one.what) for one in whole}
    assert ("adt", "depth") in {(one.modality, one.what) for one in found}
