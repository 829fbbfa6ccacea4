from __future__ import annotations

import napari_trsmi as nt
from napari_trsmi.glossary import term


def test_every_score_of_a_result_has_a_name_and_a_sentence(fitted):
    result = nt.restore(fitted.path)
    names = list(result.dataset.modalities)
    assert result.scores
    for key in result.scores:
        found = term(key, names)
        assert found.meaning.endswith(".")
        assert "_" not in found.name
        assert found.name != key


def test_names_of_modalities_with_underscores_are_told_apart():
    found = term("arrangement_rna_spliced_adt", ["rna_spliced", "adt"])
    assert found.name == "rna_spliced and adt agree on which domains are alike"


def test_an_unknown_score_keeps_its_name():
    assert term("new_score") == ("new_score", "new score", "", 0)
