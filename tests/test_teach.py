"""A run goes on from its result, with what a person said about spots, and is repeated from its settings alone."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from mudata import MuData

import napari_trsmi as nt
from napari_trsmi import edits, teach
from napari_trsmi.api import fit_steps
from napari_trsmi.cli import main
from napari_trsmi.constraints import row_constraints, satisfaction
from napari_trsmi.data.tables import mudata_as_stored
from napari_trsmi.previews import keep_preview
from napari_trsmi.report import page
from napari_trsmi.restoring import restore
from napari_trsmi.script import as_python

N, K = 300, 4
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*zarr v2.*"),
    pytest.mark.filterwarnings("ignore::zarr.errors.UnstableSpecificationWarning"),
]
CONFIG = nt.Config(
    graph={"k_feature": 8},
    cluster={"n_domains": K, "n_init": 2},
    train={"epochs": 6},
    evidence={"support": False},
    device="cpu",
    threads=1,
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    mdata: MuData = nt.simulate(n_spots=N, n_domains=K, n_genes=80, n_proteins=15, contrast=3.0, image=0, seed=2)
    found = tmp_path_factory.mktemp("teach") / "slice.h5mu"
    with mudata_as_stored():
        mdata.write(found)
    return found


@pytest.fixture(scope="module")
def result(path):
    return nt.fit(nt.read(path), CONFIG)


def ends(result, domain, n=6):
    """Spots at the left and at the right end of a domain."""
    rows = np.flatnonzero(result.labels == domain)
    rows = rows[np.argsort(result.coords[rows, 0], kind="stable")]
    return rows[:n], rows[-n:]


@pytest.fixture(scope="module")
def said(result):
    """One constraint of each kind, none of which the result keeps."""
    left, right = ends(result, 0)
    astray, (one, _), (two, _) = ends(result, 1)[0], ends(result, 2), ends(result, 3)
    return {
        "apart": teach.apart(result, left, right),
        "belong": teach.belong(result, astray, 0),
        "together": teach.together(result, np.r_[one, two[:4]]),
    }


def holds(result, constraint):
    (tie,) = row_constraints([constraint], result.obs_names)
    return satisfaction(tie, result.labels)


@pytest.mark.parametrize("kind", ["apart", "belong", "together"])
def test_what_a_person_says_is_followed_and_the_number_of_domains_stays(result, said, kind):
    before = holds(result, said[kind])
    found = teach.carry_on(result, 4, [said[kind]])
    assert before <= 0.6
    assert holds(found, said[kind]) >= 0.9
    assert found.partition.n_domains == K
    assert [step.losses.get("constraint") is not None for step in found.history] == [False] * 6 + [True] * 4
    assert teach.obedience(found) == [(found.config.constraints[0], holds(found, said[kind]))]


def test_the_rest_of_the_section_hardly_changes(result, said):
    found = teach.carry_on(result, 4, [said["belong"]])
    others = ~np.isin(result.obs_names, said["belong"].spots)
    matched = teach.like(found, result)
    assert matched.palette == result.palette
    assert (found.labels[others] == result.labels[others]).mean() > 0.85


def test_strengths_of_zero_leave_the_domains_alone(path, said):
    off = CONFIG.model_copy(
        update={
            "loss": CONFIG.loss.model_copy(update={"lam_constraint": 0.0}),
            "cluster": CONFIG.cluster.model_copy(update={"constraint_strength": 0.0}),
        }
    )
    result = nt.fit(nt.read(path), off)
    told, untold = teach.carry_on(result, 4, said.values()), teach.carry_on(result, 4)
    np.testing.assert_array_equal(told.embedding, untold.embedding)
    np.testing.assert_array_equal(told.labels, untold.labels)


def test_the_prototypes_follow_even_where_the_cut_does_not(result, said):
    """The term of the objective does its part: the cut is left out here."""
    losses = [step.losses["constraint"] for step in teach.carry_on(result, 25, [said["belong"]]).history[6:]]
    assert losses[-1] < 0.9 * losses[0]


def test_a_run_that_was_trained_on_is_repeated_from_its_settings_alone(result, said):
    first = teach.carry_on(result, 2, [said["apart"], said["belong"]])
    second = teach.carry_on(first, 3, [first.config.constraints[1], said["together"]])
    assert [(c.kind, c.start, c.until) for c in second.config.constraints] == [
        ("apart", 6, 8),
        ("belong", 6, None),
        ("together", 8, None),
    ]
    again = nt.fit(result.dataset, second.config)
    np.testing.assert_array_equal(again.embedding, second.embedding)
    np.testing.assert_array_equal(again.labels, second.labels)
    assert [step.epoch for step in second.history] == list(range(1, 12))
    assert second.provenance["resumed_at"] == 8


@pytest.mark.slow
def test_without_a_number_of_domains_a_split_adds_one(path):
    free = CONFIG.model_copy(update={"cluster": CONFIG.cluster.model_copy(update={"n_domains": None})})
    result = nt.fit(nt.read(path), free)
    found = teach.carry_on(result, 4, [teach.apart(result, *ends(result, 0))])
    assert found.partition.n_domains == result.partition.n_domains + 1
    assert teach.obedience(found)[0][1] >= 0.9


def test_a_run_that_was_ended_early_goes_through_its_schedule_first(result, path):
    steps = fit_steps(nt.read(path), CONFIG, previews=False)
    next(steps)
    with pytest.raises(StopIteration) as end:
        steps.send("stop")
    found = teach.carry_on(end.value.value, 2)
    assert found.config == CONFIG
    np.testing.assert_array_equal(found.labels, result.labels)


@pytest.mark.slow
def test_a_saved_result_goes_on_as_the_one_in_memory_does(result, said, tmp_path):
    for ending in ("h5mu", "zarr"):
        result.write(tmp_path / f"saved.{ending}")
        found = teach.carry_on(restore(tmp_path / f"saved.{ending}"), 2, [said["apart"]])
        np.testing.assert_array_equal(found.labels, teach.carry_on(result, 2, [said["apart"]]).labels)
    found.write(tmp_path / "again.h5mu")
    assert restore(tmp_path / "again.h5mu").config.constraints == found.config.constraints
    record = json.loads((tmp_path / "again.run.json").read_text(encoding="utf-8"))
    assert record["constraints"] == [
        {"kind": "apart", "n_spots": 6, "n_others": 6, "kept": teach.obedience(found)[0][1]}
    ]


@pytest.mark.slow
def test_the_report_tells_what_was_said(result, said):
    text = page(teach.carry_on(result, 2, [said["apart"]]))
    assert "6 and 6 spots are apart (100 %)" in text
    assert "constraints =" not in text


def test_names_and_colours_stay_with_the_domains_that_match(result, said):
    named = edits.recolor(edits.rename(edits.rename(result, 0, "Cortex"), 1, "4x"), 0, "#123456")
    found = teach.carry_on(named, 2)
    assert sorted(found.names) == sorted(named.names)
    k = found.names.index("Cortex")
    assert (found.labels == k).sum() == pytest.approx((named.labels == 0).sum(), abs=10)
    assert found.palette[k] == "#123456"


def test_a_domain_keeps_its_number_where_sizes_change_places(result):
    grown = teach.carry_on(result, 2, [teach.belong(result, ends(result, 0, 30)[0], 1)])
    sizes = dict(zip(grown.names, np.bincount(grown.labels), strict=True))
    assert set(grown.names) == set(result.names)
    assert grown.names != result.names
    assert sizes["2"] > sizes["1"]


@pytest.mark.slow
def test_names_of_domains_that_are_new_are_free_ones(path):
    free = CONFIG.model_copy(update={"cluster": CONFIG.cluster.model_copy(update={"n_domains": None})})
    result = edits.rename(nt.fit(nt.read(path), free), 0, "9")
    found = teach.carry_on(result, 4, [teach.apart(result, *ends(result, 0))])
    assert len(set(found.names)) == found.partition.n_domains == result.partition.n_domains + 1
    assert set(result.names) < set(found.names)


def test_a_result_that_was_clustered_again_goes_on_with_what_it_was_trained_with(result):
    coarse = edits.recluster(result, {"n_domains": 2, "n_init": 1})
    assert teach.carry_on(coarse, 2).config.cluster == CONFIG.cluster


@pytest.mark.slow
def test_a_file_that_was_clustered_again_goes_on_too(result, tmp_path):
    result.write(tmp_path / "saved.h5mu")
    nt.recluster(tmp_path / "saved.h5mu", nt.Config(cluster={"n_domains": 2, "n_init": 1}).cluster).write(
        tmp_path / "coarse.h5mu"
    )
    found = teach.carry_on(restore(tmp_path / "coarse.h5mu"), 2)
    np.testing.assert_array_equal(found.embedding, teach.carry_on(result, 2).embedding)
    assert found.partition.n_domains == K


def test_reclustering_keeps_what_was_said(result, said):
    found = edits.recluster(teach.carry_on(result, 2, [said["belong"]]), {"n_domains": 3, "n_init": 2})
    assert teach.obedience(found)[0][1] >= 0.9


def test_constraints_that_contradict_each_other_are_named_in_one_sentence(result, said):
    rows = teach.rows_of(result, said["apart"].spots + said["apart"].others)
    one = teach.together(result, rows)
    assert teach.contradiction(result, [said["apart"], said["belong"]]) == ""
    assert teach.contradiction(result, [said["apart"], one]) == (
        "“6 and 6 spots are apart” and “12 spots are one domain” contradict each other: take one back, or some spots "
        "follow none."
    )
    assert teach.contradiction(result, [said["apart"], one.model_copy(update={"until": 9})]) == ""
    both = [teach.belong(result, rows, 1), teach.belong(result, rows, 2), teach.belong(result, rows, 3)]
    assert "(and 2 more)" in teach.contradiction(result, both)


def test_a_kept_preview_cannot_go_on(path):
    steps = fit_steps(nt.read(path), CONFIG.model_copy(update={"train": CONFIG.train.model_copy(update={"epochs": 3})}))
    step = [step for step in steps if step.labels is not None][-1]
    with pytest.raises(nt.DataError, match=r"found none: it is a kept preview\. Run it again"):
        teach.continued(keep_preview(nt.read(path), CONFIG, step))


def test_a_file_whose_spots_were_put_in_another_order_cannot_go_on(result):
    order = np.argsort(result.obs_names)[::-1]
    dataset = result.dataset
    modalities = {m: replace(one, table=one.table[order].copy()) for m, one in dataset.modalities.items()}
    turned = replace(
        dataset,
        modalities=modalities,
        obs=dataset.obs.iloc[order],
        coords=dataset.coords[order],
        obs_names=dataset.obs_names[order],
    )
    with pytest.raises(nt.TrainingError, match="same spots in the same order"):
        teach.carry_on(replace(result, dataset=turned), 1)


def test_a_domain_needs_other_spots_to_belong_to(result):
    with pytest.raises(nt.DataError, match="Expected other spots in domain 2"):
        teach.belong(result, np.flatnonzero(result.labels == 1), 1)
    with pytest.raises(nt.DataError, match="found 'Cortex'"):
        teach.belong(result, [0], "Cortex")


def test_a_domain_is_stood_for_by_its_surest_spots(result):
    rows = np.flatnonzero(result.labels == 1)[:3]
    others = np.isin(result.obs_names, teach.belong(result, rows, 1).others)
    assert others.sum() == min(teach.ANCHORS, (result.labels == 1).sum() - 3)
    assert not others[rows].any()


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("apart", "6 and 6 spots are apart"),
        ("belong", "6 spots belong to domain 1"),
        ("together", "10 spots are one domain"),
    ],
)
def test_constraints_in_words(result, said, kind, text):
    assert teach.words(said[kind], result) == text


def test_the_script_repeats_what_was_said(result, said):
    found = teach.carry_on(result, 2, [said["together"]])
    made: dict = {}
    text = as_python(found)
    settings = text[text.index("nt.Config(") :]
    exec(f"import napari_trsmi as nt\nconfig = {settings[: settings.index(chr(10) + ')') + 2]}", made)
    assert made["config"] == found.config


def test_the_command_line_goes_on_from_a_file(result, said, tmp_path, capsys):
    result.write(tmp_path / "saved.h5mu")
    words = ["continue", str(tmp_path / "saved.h5mu"), "-o", str(tmp_path / "on.h5mu"), "--epochs", "2", "--no-figure"]
    (tmp_path / "said.json").write_text(json.dumps([said["apart"].model_dump(mode="json")]), encoding="utf-8")
    assert main([*words, "--constraints", str(tmp_path / "said.json")]) == 0
    assert "6 and 6 spots are apart: kept 100%" in capsys.readouterr().out
    found = teach.carry_on(result, 2, [said["apart"]])
    saved = restore(tmp_path / "on.h5mu")
    np.testing.assert_array_equal(saved.labels, found.labels)
    assert saved.config == found.config
    # The run.json of the run serves as the file too, and as the settings of a run from the start.
    assert main([*words, "--constraints", str(tmp_path / "on.run.json"), "-q"]) == 0
    np.testing.assert_array_equal(restore(tmp_path / "on.h5mu").labels, found.labels)
    again = ["fit", str(tmp_path / "saved.h5mu"), "--config", str(tmp_path / "on.run.json"), "--no-figure", "-q"]
    assert main([*again, "-o", str(tmp_path / "again.h5mu")]) == 0
    np.testing.assert_array_equal(restore(tmp_path / "again.h5mu").labels, found.labels)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--epochs", "0"], "Expected at least 1 epoch"),
        (["--constraints", "none.json"], "Expected a JSON file of constraints at none.json"),
    ],
)
def test_the_command_line_refuses_what_cannot_be(result, tmp_path, capsys, extra, message):
    assert main(["continue", str(tmp_path / "none.h5mu"), "-o", str(tmp_path / "on.h5mu"), *extra]) == 2
    assert message in capsys.readouterr().err
