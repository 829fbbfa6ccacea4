from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from anndata import AnnData
from studies_by_hand import section_of

import napari_trsmi as nt
from napari_trsmi.cli.command import found_in
from napari_trsmi.config import Config
from napari_trsmi.data.dataset import Modality
from napari_trsmi.data.result import Result
from napari_trsmi.data.study import stack
from napari_trsmi.data.tables import mudata_of, read_table, write_table
from napari_trsmi.errors import DataError
from napari_trsmi.records import Partition
from napari_trsmi.script import as_python
from napari_trsmi.study.gaussians import Gaussians

SIDE = 15
STRIPES = np.repeat([0, 1, 2], SIDE * SIDE // 3)
CENTRES = 6 * np.eye(3, 8)


def tissue(seed, labels=STRIPES, centres=CENTRES, name="rna", shift=0.0):
    """A section whose spots have noisy components around the centre of their domain."""
    values = centres[labels] + np.random.default_rng(seed).normal(size=(len(labels), centres.shape[1])) + shift
    table = AnnData(values.astype(np.float32))
    return replace(
        section_of(len(labels), seed=seed), name=f"new {seed}", modalities={name: Modality(name, "precomputed", table)}
    )


def known(sections, labels, cuts=None):
    """A result of the domains given."""
    dataset = stack(sections)
    posterior = np.eye(3, dtype=np.float32)[labels]
    return Result(
        dataset=dataset,
        config=Config(cluster={"n_domains": 3}),
        partition=Partition(labels, posterior, "mixture", 1.0),
        embedding=posterior,
        colors=("#ff0000", "#00ff00", "#0000ff"),
        domain_names=("red", "green", "blue"),
        cuts=cuts,
    )


@pytest.fixture(scope="module")
def study():
    """Two sections of three stripes; of three other cuts one calls the third domain the second."""
    both = np.tile(STRIPES, 2)
    cuts = np.stack([both, both, np.minimum(both, 1), (both + 1) % 3], axis=1).astype(np.int16)
    return known({"a": tissue(1), "b": tissue(2)}, both, cuts)


def test_a_section_of_the_same_tissue_gets_its_domains_names_and_colours(study):
    found = nt.transfer(study, tissue(3, STRIPES[::-1]))
    assert (found.labels == STRIPES[::-1]).mean() > 0.97
    assert found.names == ("red", "green", "blue")
    assert found.colors == study.colors
    assert found.dataset.n_spots == len(STRIPES)
    assert found.partition.posterior.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert found.embedding.argmax(axis=1).tolist() == found.labels.tolist()
    assert set(found.boundaries[["domain_a", "domain_b"]].itertuples(index=False, name=None)) == {(0, 1), (1, 2)}


def test_a_batch_does_not_move_a_section_off_its_domains(study):
    found = nt.transfer(study, tissue(3, shift=4.0))
    assert (found.labels == STRIPES).mean() > 0.97
    assert (found.maps["fits"] < 0.01).mean() < 0.05
    assert not any("further from every domain" in note for note in found.provenance["notes"])


def test_a_section_of_another_tissue_is_said_not_to_fit(study):
    found = nt.transfer(study, tissue(3, centres=6 * np.eye(8)[[4, 5, 6]]))
    assert (found.maps["fits"] < 0.01).mean() > 0.5
    assert any("it does not fit, train them together" in note for note in found.provenance["notes"])


OTHER = 6 * np.eye(8)[[4, 5, 6]]


@pytest.mark.parametrize("sections", [1, 2])
def test_labels_of_a_tissue_that_the_study_lacks_have_no_support_whatever_its_cuts_say(study, sections):
    some = study if sections == 2 else known({"a": tissue(1)}, STRIPES, study.cuts[: len(STRIPES)])
    found = nt.transfer(some, tissue(3, centres=OTHER))
    assert found.maps["support"].mean() < 0.15
    assert found.provenance["support"]["spots"] == pytest.approx(found.maps["support"].mean())
    assert "Mean support 0." in found_in(found)


def test_support_of_spots_that_fit_is_told_beside_that_of_those_that_do_not(study):
    third = STRIPES == 2
    values = np.where(third[:, None], OTHER[2], CENTRES[STRIPES])
    section = replace(tissue(3), name="new")
    table = AnnData((values + np.random.default_rng(3).normal(size=values.shape)).astype(np.float32))
    found = nt.transfer(study, replace(section, modalities={"rna": Modality("rna", "precomputed", table)}))
    support, off = found.maps["support"], found.maps["fits"] < 0.01
    assert support[off].mean() < 0.1 < support[~off].mean()
    said = f"{support[~off].mean():.2f} where spots are like a domain of the study, {support[off].mean():.2f} where"
    assert said in found_in(found)


def test_support_is_the_share_of_other_cuts_that_give_the_same_domain(study):
    found = nt.transfer(study, tissue(3))
    assert found.cuts.shape == (225, 4)
    assert found.maps["support"].min() > 0.9  # the cut into two has no vote on spots, the renumbered one counts
    segments = found.boundaries.set_index(["domain_a", "domain_b"])["support"]
    assert segments[0, 1] > 0.9
    assert segments[1, 2] == pytest.approx(0.75, abs=0.1)  # one of four cuts draws none there


def test_support_is_how_often_spots_like_it_are_right():
    rng, mixed = np.random.default_rng(0), []
    for _ in range(4):  # specks in the stripes are labelled by what lies around them, wrongly
        speck = rng.random(len(STRIPES)) < 0.15
        mixed.append(np.where(speck, rng.integers(0, 3, len(STRIPES)), STRIPES))
    sections = {name: tissue(seed, mixed[seed], 0.9 * np.eye(3, 8)) for seed, name in enumerate("abc")}
    labels = np.concatenate(mixed[:3])
    study = known(sections, labels, np.tile(labels[:, None], 5))  # whose cuts agree
    found = nt.transfer(study, tissue(3, mixed[3], 0.9 * np.eye(3, 8)))
    support, right = found.maps["support"], found.labels == mixed[3]
    assert right.mean() < 0.9
    assert support.mean() == pytest.approx(right.mean(), abs=0.05)
    for low, high in ((0.0, 0.7), (0.7, 0.85), (0.85, 1.0)):
        within = (support >= low) & (support < high)
        assert right[within].mean() == pytest.approx(support[within].mean(), abs=0.1)
    assert found.provenance["support"]["spots"] == pytest.approx(support.mean())


def test_one_section_can_be_transferred_from():
    found = nt.transfer(known({"a": tissue(1)}, STRIPES), tissue(3))
    assert (found.labels == STRIPES).mean() > 0.97
    assert "support" not in found.maps


def test_a_section_without_a_modality_of_the_study_is_refused(study):
    with pytest.raises(DataError, match=r"modalities of the study \(rna\), found adt\."):
        nt.transfer(study, tissue(3, name="adt"))


def test_the_same_section_is_refused(study):
    with pytest.raises(DataError, match="which is its own 'a'"):
        nt.transfer(study, replace(tissue(1), name="again"))


def test_distances_are_those_of_mahalanobis():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 2)) @ np.array([[2.0, 0.5], [0.0, 1.0]])
    labels = np.repeat([0, 2], 2000)
    x[labels == 2] += 5
    domains = Gaussians.of(x, labels, 3)
    distances = domains.distances(x)
    assert np.isinf(distances[:, 1]).all()
    within = x - np.array([x[labels == k].mean(axis=0) if k != 1 else [0, 0] for k in range(3)])[labels]
    expected = np.einsum("ni,ij,nj->n", within, np.linalg.inv(within.T @ within / len(x)), within)
    assert distances[np.arange(len(x)), labels] == pytest.approx(expected, rel=0.02, abs=0.01)


def test_the_script_of_a_section_labelled_by_a_file_repeats_that_and_one_of_memory_says_what_lacks(
    study, tmp_path, monkeypatch
):
    new = replace(tissue(3), sources=(str(tmp_path / "new.h5ad"),))
    with pytest.raises(DataError, match="found those of a \\+ b, which was not saved then"):
        as_python(nt.transfer(study, new))
    monkeypatch.setattr("napari_trsmi.restoring.restore", lambda path: study)
    lines = as_python(nt.transfer(tmp_path / "study.h5mu", new)).splitlines()
    assert f"result = nt.transfer({str(tmp_path / 'study.h5mu')!r}, dataset)" in lines
    assert not any("fit" in line for line in lines)


@pytest.mark.parametrize("in_memory", [True, False])
def test_spots_that_a_modality_lacks_get_a_domain_too(make_mudata, make_table, tmp_path, in_memory):
    from napari_trsmi.data.tables import mudata_as_stored
    from napari_trsmi.study import transferred

    mdata = make_mudata({"rna": make_table()[:30].copy(), "adt": make_table(prefix="protein", seed=1)[5:].copy()})
    if not in_memory:
        with mudata_as_stored():
            mdata.write(tmp_path / "new.h5mu")
    _, new = transferred._read(known({"a": tissue(0)}, STRIPES), mdata if in_memory else tmp_path / "new.h5mu")
    assert new.n_spots == 36


def counted(seed, genes, name="rna"):
    """A section whose genes are counted, a third of 90 of them in each domain."""
    rng = np.random.default_rng(seed)
    values = rng.poisson(np.where(np.arange(90)[None] % 3 == STRIPES[:, None], 6.0, 1.0)).astype(np.float32)
    table = AnnData(values)
    table.var_names = [f"Gene{i}" for i in range(90)]
    own = {name: Modality(name, "rna", table[:, :genes].copy())}
    return replace(section_of(len(STRIPES), seed=seed), name="new", modalities=own)


def test_a_modality_of_another_name_is_known_by_its_genes_and_what_it_lacks_is_told():
    both = known({"a": counted(1, 90), "b": counted(2, 90)}, np.tile(STRIPES, 2))
    found = nt.transfer(both, counted(3, 60, "Gene Expression"))
    assert (found.labels == STRIPES).mean() > 0.9
    told = found.provenance["notes"]
    assert told[0].startswith("Gene Expression of new is taken for the rna of a: they share 60 features")
    assert "rna: 60 features are common to all sections; left out 30 of a, 30 of b, 0 of new." in told


def test_a_file_whose_modality_has_another_name_is_labelled_and_opened_again(tmp_path):
    new = counted(3, 60, "Gene Expression")
    table = new.modalities["Gene Expression"].table
    table.obs_names, table.obsm["spatial"] = new.obs_names, new.coords
    write_table(mudata_of({"Gene Expression": table}), tmp_path / "new.h5mu", ".h5mu")
    both = known({"a": counted(1, 90), "b": counted(2, 90)}, np.tile(STRIPES, 2))
    found = nt.transfer(both, tmp_path / "new.h5mu")
    found.write(tmp_path / "labelled.h5mu")
    again = nt.restore(tmp_path / "labelled.h5mu")
    assert again.labels.tolist() == found.labels.tolist()
    assert {name: one.name for name, one in again.dataset.modalities.items()} == {"rna": "rna"}
    again.write(tmp_path / "twice.h5mu")
    assert list(nt.restore(tmp_path / "twice.h5mu").dataset.modalities) == ["rna"]
    assert list(read_table(tmp_path / "twice.h5mu").mod) == ["Gene Expression"]
