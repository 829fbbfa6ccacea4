"""Which features of several sections are the same, which were measured in all, and on what scale."""

from __future__ import annotations

import numpy as np
import pytest

from napari_trsmi.data.dataset import Modality
from napari_trsmi.data.shared_features import check_one_scale, matched
from napari_trsmi.errors import DataError

GENES = [f"Gene{i}" for i in range(60)]
ANTIBODIES = ["CD3", "CD4", "CD8a", "CD45RA", "HLA-DR", "PanCK"]


@pytest.fixture
def modality(make_table):
    """Builder of a modality of 40 spots: names of its features, kind, seed, what is done to its dense values."""

    def build(names=GENES, kind="rna", seed=0, change=lambda values: values):
        table = make_table(40, len(names), mean=3.0, seed=seed)
        table.var_names = names
        table.X = change(table.X.toarray())
        return Modality(kind, kind, table)

    return build


def shared(**modalities):
    columns, notes = matched("it", modalities)
    return [list(one.table.var_names[own]) for one, own in zip(modalities.values(), columns, strict=True)], notes


@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_genes_are_matched_whatever_their_case_and_that_is_told(modality, case):
    others = [case(name) for name in GENES]
    (first, second), notes = shared(a=modality(), b=modality(others, seed=1))
    assert first == GENES
    assert second == others
    assert notes == [
        f"it: features are called otherwise in some sections ('Gene0' in a, {others[0]!r} in b): upper and lower case "
        "are ignored."
    ]


@pytest.mark.parametrize("form", ["{}-TotalSeqB", "{}_prot", "Hu.{}", "Hu.{}_UCHT1", "anti-{}", "ADT_{}", "{} (UCHT1)"])
def test_antibodies_are_matched_whatever_vendors_put_around_their_names(modality, form):
    others = [form.format(name) for name in ANTIBODIES][::-1]
    (first, second), notes = shared(a=modality(ANTIBODIES, "protein"), b=modality(others, "protein", 1))
    assert first == ANTIBODIES
    assert second == others[::-1]
    assert "what is put around an antibody's name, are ignored" in notes[0]


def test_names_that_are_the_same_without_their_case_belong_to_none(modality):
    others = ["GENE0", "gene0", *(name.upper() for name in GENES[1:-1])]
    (first, second), _ = shared(a=modality(), b=modality(others, seed=1))
    assert first == GENES[1:-1]
    assert second == others[2:]


def test_names_that_agree_in_half_of_the_table_are_not_loosened(modality):
    others = [*GENES[:40], *(name.upper() for name in GENES[40:])]
    with pytest.raises(DataError, match=r"at least 30 features of 'it' that all sections share, found 20"):
        shared(a=modality(), b=modality([*GENES[:20], *(f"other{i}" for i in range(40))]))
    wide = modality([*others, *(f"other{i}" for i in range(20))])
    (first, second), _ = shared(a=modality(), b=wide)
    assert first == second == GENES[:40]


def test_where_nothing_is_shared_both_names_are_shown(modality):
    others = [f"ENSG{i:011d}" for i in range(60)]
    with pytest.raises(DataError, match=r"a: 60, such as 'Gene0'; b: 60, such as 'ENSG00000000000'\). Name them alike"):
        shared(a=modality(), b=modality(others))


def without(n):
    def change(values):
        values[:, :n] = 0
        return values

    return change


def test_features_that_an_outer_join_filled_with_zeros_were_not_measured(modality):
    found, notes = shared(a=modality(), b=modality(seed=1, change=without(8)), c=modality(seed=2))
    assert found == [GENES[8:]] * 3
    assert "8 features have nothing but zeros in b" in notes[0]


def test_panels_that_an_outer_join_hides_are_refused_with_what_they_share(modality):
    def others(values):
        values[:, 35:] = 0
        return values

    with pytest.raises(DataError, match=r"found 10 \(a: 35, b: 35\)"):
        shared(a=modality(change=without(25)), b=modality(seed=1, change=others))


def test_a_few_genes_that_a_section_does_not_make_are_biology(modality):
    (first, second), notes = shared(a=modality(), b=modality(seed=1, change=without(3)))
    assert first == second == GENES
    assert not notes


def test_genes_too_rare_to_be_found_in_a_small_section_stay(modality):
    def rare(values):
        values[1:, :20] = 0
        return values

    found, notes = shared(a=modality(change=rare), b=modality(seed=1, change=without(20)))
    assert found == [GENES] * 2
    assert not notes


@pytest.mark.parametrize(
    ("change", "found"), [(np.log1p, "logarithms"), (lambda v: np.log1p(v) - np.log1p(v).mean(), "centred values")]
)
def test_proteins_counted_in_one_section_and_transformed_in_another_are_refused(modality, change, found):
    counts, other = modality(ANTIBODIES, "protein"), modality(ANTIBODIES, "protein", 1, change)
    with pytest.raises(DataError, match=f"found {found} in b and none in a"):
        check_one_scale("it", {"a": counts, "b": other})
    check_one_scale("it", {"a": other, "b": modality(ANTIBODIES, "protein", 2, change)})


def test_intensities_of_another_gain_are_of_one_scale(modality):
    faint, bright = (modality(ANTIBODIES, "protein", n, lambda v, by=by: v * by) for n, by in ((0, 0.3), (1, 30.5)))
    check_one_scale("it", {"a": faint, "b": bright})


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("case", [str, str.upper])
def test_symbols_of_one_and_identifiers_of_another_meet_in_a_table_that_has_both(modality, at, case):
    identifiers = [f"ENSG{i:011d}" for i in range(60)]
    both = modality()
    both.table.var["gene_ids"] = [f"{name}.2" for name in identifiers]
    tables = [modality(identifiers[::-1], seed=1), modality([case(name) for name in GENES], seed=2)]
    tables.insert(at, both)
    found, _ = shared(**{f"s{number}": one for number, one in enumerate(tables)})
    found.insert(0, found.pop(at))
    numbers = [[int(name.lower().removeprefix("gene").removeprefix("ensg")) for name in names] for names in found]
    assert numbers[0] == numbers[1] == numbers[2]
    assert sorted(numbers[0]) == list(range(60))


def test_each_antibody_counts_also_where_most_are_called_alike(modality):
    others = [*ANTIBODIES[:4], "HLA-DR_TotalC", "PanCK.1"]
    (first, second), notes = shared(a=modality(ANTIBODIES, "protein"), b=modality(others, "protein", seed=1))
    assert (first[4], second[4]) == ("HLA-DR", "HLA-DR_TotalC")
    assert first == ANTIBODIES
    assert "'HLA-DR' in a, 'HLA-DR_TotalC' in b" in notes[0]
