"""A simulated study: what sections share, what differs between them, and what one of them lacks."""

import numpy as np
import pytest

from napari_trsmi.data.simulate import simulate_study, study_settings
from napari_trsmi.errors import ConfigError

SMALL = {"n_spots": 200, "n_genes": 60, "n_proteins": 15}


@pytest.fixture(scope="module")
def study():
    return simulate_study(**SMALL)


def shares(dataset):
    """Share of each domain in each section."""
    table = dataset.obs.groupby(["sample", "domain"], observed=False).size().unstack()
    return table.div(table.sum(axis=1), axis=0)


def profiles(part, modality):
    """Mean share of each feature in each domain of a section."""
    counts = part.modalities[modality].table.X.toarray()
    domain = part.obs["domain"].to_numpy()
    means = np.array([counts[domain == d].mean(axis=0) for d in ("layer 1", "layer 3", "layer 4", "island 1")])
    return means / means.sum(axis=1, keepdims=True)


def depth(part):
    return part.modalities["rna"].table.X.sum(axis=1).mean()


def test_sections_have_their_truth_sample_and_condition(study):
    assert study.section_names == ("s1", "s2", "s3", "s4", "s5", "s6")
    assert [len(rows) for rows in study.sections] == [200] * 6
    assert (study.obs["sample"].to_numpy() == np.array(study.section_names)[study.section]).all()
    conditions = study.obs.groupby("sample", observed=True)["condition"].unique().str[0]
    assert conditions.tolist() == ["condition 1"] * 3 + ["condition 2"] * 3
    assert set(study.obs["domain"]) == {"layer 1", "layer 2", "layer 3", "layer 4", "island 1", "island 2"}


def test_the_same_seed_makes_the_same_study_and_another_seed_another(study):
    again, other = simulate_study(**SMALL), simulate_study(**SMALL, seed=1)
    assert (again.modalities["rna"].table.X != study.modalities["rna"].table.X).nnz == 0
    assert again.obs.equals(study.obs)
    assert not np.array_equal(other.obs["domain"], study.obs["domain"])


def test_a_section_lacks_the_protein_and_what_it_would_have_shown_is_kept(study):
    third = study.parts[2]
    assert list(third.modalities) == ["rna"]
    np.testing.assert_array_equal(~study.modalities["adt"].measured, study.section == 2)
    withheld = third.modalities["rna"].table.uns["withheld"]["adt"]
    complete = simulate_study(**SMALL, incomplete=False)
    assert complete.modalities["adt"].measured is None
    np.testing.assert_array_equal(withheld, complete.parts[2].modalities["adt"].table.X.toarray())


def test_one_domain_is_absent_from_every_second_section_only(study):
    missing = shares(study) == 0
    assert missing["island 2"].tolist() == [False, True] * 3
    assert not missing.drop(columns="island 2").any(axis=None)
    assert not (shares(simulate_study(**SMALL, absent=False)) == 0).any(axis=None)


def test_one_domain_differs_between_conditions_as_much_as_is_asked():
    def ratio(change):
        table = shares(simulate_study(**SMALL, change=change, absent=False))["layer 2"]
        return table[3:].mean() / table[:3].mean()

    assert 1.5 < ratio(2.5) < 3
    assert 0.75 < ratio(1) < 1.33


def test_batch_is_of_depth_and_of_each_feature_and_can_be_left_out():
    large = {**SMALL, "n_spots": 400, "n_sections": 3}
    with_batch = simulate_study(**large).parts
    without = simulate_study(**large, batch=0, background=0).parts

    def differ(parts):
        logs = [np.log(profiles(part, "rna") + 1e-4).mean(axis=0) for part in parts]
        return np.std(logs[0] - logs[1])

    assert differ(with_batch) > 2 * differ(without)
    assert max(map(depth, without)) / min(map(depth, without)) < 1.1
    assert max(map(depth, with_batch)) / min(map(depth, with_batch)) > 1.2


def test_domains_are_alike_in_all_sections_but_for_the_batch():
    first, second = simulate_study(**{**SMALL, "n_spots": 400}, n_sections=3, batch=0, background=0).parts[:2]
    for modality in ("rna", "adt"):
        a, b = (np.log(profiles(part, modality) + 1e-3) for part in (first, second))
        likest = np.corrcoef(a - a.mean(axis=0), b - b.mean(axis=0))[: len(a), len(a) :].argmax(axis=1)
        np.testing.assert_array_equal(likest, np.arange(len(a)))


def test_sections_differ_in_layout(study):
    first, second = study.parts[:2]
    assert not np.array_equal(first.coords, second.coords)
    assert (first.obs["domain"].to_numpy() != second.obs["domain"].to_numpy()).mean() > 0.1


def test_a_part_keeps_the_picture_of_its_own_section_only():
    study = simulate_study(**SMALL, image=60, n_sections=3)
    for number, part in enumerate(study.parts):
        assert list(part.modalities["rna"].table.uns["spatial"]) == [f"section{number + 1}"]
        assert max(part.image.pixels.shape) == 60


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"n_sections": 1}, "2 sections or more, found n_sections=1"),
        ({"conditions": 7}, "1 to 6 conditions, found 7"),
        ({"change": 0}, "change to be above 0"),
        ({"n_domains": 2}, "3 domains or more"),
        ({"modalities": ("rna",)}, "2 modalities and 3 sections"),
        ({"n_sections": 2}, "2 modalities and 3 sections"),
        ({"nothing": 1}, "nothing"),
    ],
)
def test_what_makes_no_study_is_refused(wrong, said):
    with pytest.raises(ConfigError, match=said):
        simulate_study(**{**SMALL, **wrong})


def test_settings_of_a_study_can_be_changed_one_by_one():
    assert study_settings(n_spots=70).n_spots == 70
    assert study_settings().pairs == {}
