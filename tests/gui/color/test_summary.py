from __future__ import annotations

import numpy as np

from napari_trsmi.gui.color.summary import means, summary
from napari_trsmi.gui.session.state import Channel, Coloring, Shown


def test_the_mean_of_a_group_leaves_out_what_is_unknown():
    found = means(np.array([1.0, 3, np.nan, 5]), np.array([0, 0, 0, -1]), 2)
    assert found[0] == 2
    assert np.isnan(found[1])


SHOWN = Shown(np.array([0, 0, 1, 1]), ("Cortex", "2"), ("#000000", "#ffffff"))


def test_a_gene_is_summed_up_by_its_share_of_spots_and_its_domain():
    gene = Coloring("gene", np.array([0.0, 0, 3, 0]))
    assert summary(gene) == "Above zero in 25% of the spots."
    assert summary(gene, SHOWN) == "Above zero in 25% of the spots; highest in domain 2."


def test_components_are_summed_up_by_their_range():
    component = Coloring("PC_1", np.array([2.0, 1, -1, np.nan]))
    assert summary(component, SHOWN) == "From -1 to 2; highest in domain Cortex."
    assert summary(Coloring("none", np.full(4, np.nan)), SHOWN) == "No spot has a value."


def test_categories_are_summed_up_by_the_largest():
    layer = Coloring("layer", np.array([1, 1, 0, -1]), colors=("#000000", "#ffffff"), names=("a", "b"))
    assert summary(layer, SHOWN) == "2 categories; the largest is b with 50% of the spots."


def test_several_are_summed_up_by_where_all_are_high():
    red, green = (Channel(name, "#ffffff", np.array(values), (0, 2)) for name, values in CHANNELS.items())
    text = "Both are high in 25% of the spots. Highest by domain: a in Cortex, b in 2."
    assert summary(Coloring("mix", np.zeros((4, 3)), channels=(red, green)), SHOWN) == text
    alone = summary(Coloring("mix", np.zeros((4, 3)), channels=(red,)))
    assert alone == "It is high in 75% of the spots."


CHANNELS = {"a": [2.0, 1.8, 0, 2], "b": [0.0, 0, 2, 2]}


def test_one_category_is_no_categories():
    only = Coloring("region", np.array([0, 0, -1]), colors=("#ff0000",), names=("cortex",))
    assert summary(only) == "1 category; the largest is cortex with 67% of the spots."
