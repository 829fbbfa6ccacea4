from __future__ import annotations

import numpy as np
import pytest
from studies_by_hand import study_of

import napari_trsmi as nt
from napari_trsmi.errors import DataError
from napari_trsmi.study import donor_notes, left_out_notes
from napari_trsmi.study.shares import conditions

FIVE = {"a": np.array([0, 0, 1, 2] * 5), "b": np.array([0, 1, 1, 1] * 10)}
CONDITION = {f"s{i}": "sick" if i % 2 else "well" for i in range(6)}


def dealt(rng, counts):
    return rng.permutation(np.repeat(np.arange(len(counts)), counts))


def simulated(seed, times=1.0, domain=2):
    """Three sections of each of two conditions; one domain is so many times as frequent in the sick."""
    rng = np.random.default_rng(seed)
    usual = np.array([0.3, 0.25, 0.2, 0.15, 0.1])
    labels = {}
    for name, condition in CONDITION.items():
        share = usual.copy()
        share[domain] *= times if condition == "sick" else 1.0
        labels[name] = dealt(rng, rng.multinomial(400, rng.dirichlet(400 * share / share.sum())) + 1)
    return study_of(labels, conditions=CONDITION)


def test_composition_counts_the_spots_of_each_domain_in_each_section():
    table = nt.composition(study_of(FIVE))
    assert list(table.columns) == ["section", "domain", "spots", "share"]
    wide = table.pivot(index="domain", columns="section", values="spots")
    assert wide["a"].tolist() == [10, 5, 5]
    assert wide["b"].tolist() == [10, 30, 0]
    assert table.groupby("section", observed=True)["share"].sum().tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("donors", "told"),
    [("aabbcc", []), ("abcdef", []), ("ababab", ["s0, s2, s4; s1, s3, s5"]), ("aaabbb", ["s0, s2; s3, s5"])],
)
def test_sections_of_one_donor_are_no_replicates_and_that_is_told(donors, told):
    result = simulated(0)
    result.dataset.obs["donor_id"] = np.array(list(donors))[result.dataset.section]
    result.dataset.obs["animal"] = "mouse"
    result.dataset.obs["mouse_part"] = np.arange(result.dataset.n_spots) % 2  # of each spot, no section's
    notes = donor_notes(result, "condition")
    assert [note.partition("(")[2].partition(")")[0] for note in notes] == told
    assert not donor_notes(result, {"s0": "well", "s1": "sick"})


def test_one_section_is_a_study_of_one():
    table = nt.composition(study_of(FIVE).of("a"))
    assert table["section"].unique().tolist() == ["a"]
    assert table["spots"].tolist() == [10, 5, 5]


def test_conditions_come_from_a_column_or_are_named():
    labels = {name: np.array([0, 1, 1]) for name in CONDITION}
    result = study_of(labels, conditions=CONDITION)
    assert nt.composition(result, "condition").equals(nt.composition(result, CONDITION))
    some = nt.composition(result, {"s1": "sick"})
    assert some["section"].tolist() == ["s1", "s1"]


def test_conditions_that_are_numbers_are_one_whether_a_section_has_gaps_or_text():
    labels = {name: np.array([0, 1, 1]) for name in ("s1", "s2", "s3", "s4")}
    result = study_of(labels, conditions={"s1": 1, "s2": 1.0, "s3": "1", "s4": 0.5})
    assert conditions(result, "condition") == {"s1": "1", "s2": "1", "s3": "1", "s4": "0.5"}


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ("diet", r"Expected a column 'diet' in obs, found \['condition'\]"),
        ({"s9": "sick"}, r"found \['s9'\]"),
        ("condition", "Expected one 'condition' in each section, found 2 in 's0'"),
    ],
)
def test_conditions_that_are_none_are_refused(by, message):
    mixed = {name: [value, "sick", "well"] for name, value in CONDITION.items()}
    result = study_of({name: np.array([0, 1, 1]) for name in CONDITION}, conditions=mixed)
    with pytest.raises(DataError, match=message):
        nt.composition(result, by)


def test_fewer_than_three_sections_of_a_condition_are_not_tested():
    result = simulated(0)
    with pytest.raises(DataError, match=r"3 sections of each of two conditions or more, found well: 3, sick: 2\."):
        nt.composition_test(result, {name: one for name, one in CONDITION.items() if name != "s1"})
    with pytest.raises(DataError, match="found same: 6"):
        nt.composition_test(result, dict.fromkeys(CONDITION, "same"))


def test_the_test_is_that_of_the_logarithms_where_the_others_do_not_change():
    counts = {"s0": [40, 30, 20], "s2": [40, 30, 20], "s4": [40, 30, 20]}
    counts |= {"s1": [40, 30, 80], "s3": [40, 30, 80], "s5": [40, 30, 80]}
    rng = np.random.default_rng(0)
    table = nt.composition_test(study_of({name: dealt(rng, counts[name]) for name in CONDITION}), CONDITION).set_index(
        "domain"
    )
    assert table["log2_ratio"].tolist() == pytest.approx([0, 0, np.log2(80.5 / 20.5)], abs=1e-9)
    assert table["q"].tolist() == pytest.approx([1, 1, 0], abs=1e-6)
    assert table.loc["3", ["share_a", "share_b"]].tolist() == pytest.approx([20 / 90, 80 / 150])


def test_a_domain_that_differs_between_conditions_is_found_and_hardly_one_that_does_not():
    found = wrong = 0
    for seed in range(20):
        different = nt.composition_test(simulated(seed, times=3.0), "condition").set_index("domain")["q"] < 0.05
        found += different["3"]
        wrong += different.drop("3").any()
    assert found == 20
    assert wrong <= 2


def test_a_domain_that_half_of_the_sections_lack_hides_no_difference_of_another():
    found = wrong = 0
    for seed in range(20):
        rng, labels = np.random.default_rng(seed), {}
        for name, condition in CONDITION.items():
            share = np.array([0.3, 0.25, 0.2, 0.15, 0.1 * (name in ("s0", "s3", "s4"))])
            share[2] *= 3 if condition == "sick" else 1
            labels[name] = dealt(rng, rng.multinomial(400, share / share.sum()) + 1)
        q = nt.composition_test(study_of(labels, conditions=CONDITION), "condition").set_index("domain")["q"]
        found += q["3"] < 0.05
        wrong += (q.drop("3") < 0.05).any()
    assert found == 20
    assert wrong <= 2


def test_sections_that_vary_by_chance_do_not_differ_between_conditions():
    q = [nt.composition_test(simulated(seed), "condition")["q"].min() for seed in range(20)]
    assert np.sum(np.array(q) < 0.05) <= 2


def test_sections_without_a_condition_are_told():
    result = study_of(FIVE)
    assert left_out_notes(result, {"a": "well"}) == ["Left out for want of a condition: b."]
    assert left_out_notes(result, {"a": "well", "b": "sick"}) == []
