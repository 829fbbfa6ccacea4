"""The script of a result makes the result again."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
from itertools import islice

import numpy as np
import pytest
from short_run import small_slice

import napari_trsmi as nt
from napari_trsmi import edits
from napari_trsmi.config import Cluster
from napari_trsmi.data.readers import from_memory
from napari_trsmi.data.tables import mudata_as_stored
from napari_trsmi.evidence import supported
from napari_trsmi.records import Checkpoints, drain
from napari_trsmi.script import as_python
from napari_trsmi.settings import Schedule

QUICK = nt.Config(
    cluster={"n_domains": 7, "n_init": 1},
    train={"epochs": 4, "preview_every": 2},
    preprocess={"n_components": 8},
    graph={"k_feature": 8},
    align={"temperature": {"start": 0.3, "end": 1.0}, "enabled": False},
)


@pytest.fixture(scope="module")
def sample():
    return nt.read(nt.sample_path())


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A small section in a file, as a script reads it."""
    path = tmp_path_factory.mktemp("script") / "slice.h5mu"
    with mudata_as_stored():
        small_slice().write(path)
    return nt.read(path)


@pytest.fixture(scope="module")
def result(small):
    return nt.fit(small, QUICK)


def run(script: str) -> nt.Result:
    found: dict = {}
    exec(script, found)
    return found["result"]


def test_the_script_of_an_edited_result_makes_it_again(result, tmp_path, capsys):
    edited = edits.merge(edits.rename(result, 0, 'the "big" one'), ["2", "3"])
    edited = edits.review(edits.recolor(edited, 1, "#123456"), 2, "doubt", "torn\ntissue")
    script = as_python(edited, tmp_path / "out.h5mu")
    again = run(script)
    np.testing.assert_array_equal(again.labels, edited.labels)
    assert again.names == edited.names
    assert again.palette == edited.palette
    assert again.boundaries["note"].tolist() == edited.boundaries["note"].tolist()
    assert again.config == edited.config
    assert "Domains are in" in capsys.readouterr().out
    restored = nt.restore(tmp_path / "out.h5mu")
    assert as_python(restored, tmp_path / "out.h5mu") == script


@pytest.mark.slow
def test_a_run_that_was_finished_early_is_finished_after_the_same_epoch(small, tmp_path):
    steps = nt.fit_steps(small, QUICK)
    next(steps), next(steps)
    with pytest.raises(StopIteration) as end:
        steps.send("stop")
    result = end.value.value
    again = run(as_python(result, tmp_path / "out.h5mu"))
    assert len(again.history) == len(result.history) == 2
    np.testing.assert_array_equal(again.labels, result.labels)


@pytest.mark.slow
def test_a_preview_that_was_kept_is_kept_again(small, tmp_path):
    from napari_trsmi.previews import keep_preview

    states = Checkpoints()
    course = list(islice(nt.fit_steps(small, QUICK, states=states), 2))
    result = keep_preview(small, QUICK, course[-1], history=course, states=states)
    again = run(as_python(result, tmp_path / "out.h5mu"))
    np.testing.assert_array_equal(again.labels, result.labels)
    np.testing.assert_array_equal(again.modality_weights, result.modality_weights)
    assert [step.epoch for step in again.history] == [1, 2]
    assert again.state
    result.provenance["resumed_at"] = 1
    assert "# That run went on from epoch 1" in as_python(result)


@pytest.mark.slow
def test_new_domains_of_a_saved_result_are_found_from_the_file_again(result, tmp_path):
    result.write(tmp_path / "a.h5mu")
    found = nt.recluster(tmp_path / "a.h5mu", Cluster(n_domains=5, n_init=1))
    again = run(as_python(found, tmp_path / "b.h5mu"))
    np.testing.assert_array_equal(again.labels, found.labels)
    found = edits.recluster(found, {"n_domains": 3, "n_init": 1})
    again = run(as_python(found, tmp_path / "b.h5mu"))
    np.testing.assert_array_equal(again.labels, found.labels)


@pytest.mark.slow
def test_the_script_of_a_result_cut_again_trains_as_before_and_cuts_as_last(result, tmp_path):
    again = edits.recluster(edits.rename(result, 0, "cortex"), {"n_domains": 3})
    again = edits.rename(edits.recluster(again, {"n_domains": 2, "n_init": 1}), 0, "all the rest")
    script = as_python(again, tmp_path / "out.h5mu")
    assert "'n_domains': 2" not in script.split("result = nt.fit")[0]
    repeated = run(script)
    np.testing.assert_array_equal(repeated.labels, again.labels)
    assert repeated.names == again.names == ("all the rest", "2")


@pytest.mark.slow
def test_support_is_found_again_where_it_was_found_so_that_reviews_are_of_the_same_boundaries(small, tmp_path):
    steps = nt.fit_steps(small, QUICK)
    next(steps)
    with pytest.raises(StopIteration) as end:
        steps.send("stop")
    result = edits.review(drain(supported(end.value.value)), 2, "doubt")
    script = as_python(result, tmp_path / "out.h5mu")
    again = run(script)
    assert again.boundaries.equals(result.boundaries)
    assert script.index("drain(supported(result))") < script.index("edits.review")


def test_after_another_cut_support_is_found_after_it(result):
    again = with_acted(edits.recluster(result, {"n_domains": 3}))
    lines = as_python(edits.review(again, 0, "keep")).splitlines()
    found = [at for at, line in enumerate(lines) if line == "result = drain(supported(result))"]
    assert "edits.recluster" in lines[found[0] - 1]
    assert "edits.review" in lines[found[0] + 1]
    assert "from napari_trsmi.evidence import supported" in lines


def test_a_result_left_without_support_is_made_without(result):
    left = dataclasses.replace(result, cuts=None)
    assert "result = drain(nt.fit_steps(dataset, config))" in as_python(left)
    assert "result = nt.fit(dataset, config)" in as_python(result)
    off = left.config.model_copy(update={"evidence": left.config.evidence.model_copy(update={"support": False})})
    assert "result = nt.fit(dataset, config)" in as_python(dataclasses.replace(left, config=off))


def with_acted(result):
    return dataclasses.replace(result, cuts=np.tile(result.labels[:, None], (1, 2)).astype(np.int16))


def test_before_a_run_the_script_says_what_would_be_run(sample):
    script = as_python((sample, nt.Config()))
    compile(script, "script", "exec")
    assert "config = nt.Config()" in script
    for part in (
        "nt.sample_path()",
        "kinds={'rna': 'rna', 'adt': 'protein'}",
        "library='section1'",
        "slice_trsmi.h5mu",
    ):
        assert part in script


@pytest.mark.parametrize(
    "config",
    [
        nt.Config(align={"temperature": Schedule()}),
        nt.Config(align={"temperature": Schedule(end=0.2, shape="cosine")}, graph={"k_spatial": 4}),
        nt.Config(diffusion={"scales": ((1, 0.5),)}, seed=3, device="cpu", preprocess={"kinds": {"adt": "protein"}}),
    ],
)
def test_the_settings_are_written_so_that_they_are_read_alike(sample, config):
    line = as_python((sample, config)).split("config = ")[1].split("\nresult")[0]
    assert eval(line, {"nt": nt}) == config


def test_a_section_in_memory_has_no_script(make_table):
    dataset = from_memory(make_table())
    with pytest.raises(nt.DataError, match="read from a file"):
        as_python((dataset, nt.Config()))


EVIL = "__import__('os').system('true')"
TAMPERED = {
    "an edit": {"edits": [{"edit": f"rename(result, 0, 'x'); {EVIL} #"}]},
    "an edit's value": {"edits": [{"edit": "rename", "domain": f"0, {EVIL}", "name": f"'+{EVIL}+'"}]},
    "an edit's argument": {"edits": [{"edit": "rename", "domain": 0, "name": "x", EVIL: 1}]},
    "a review": {"edits": [{"edit": "review", "segment": EVIL, "verdict": "keep", "note": ""}]},
    "a verdict": {"edits": [{"edit": "review", "segment": 1, "verdict": EVIL, "note": f"\n{EVIL}"}]},
    "a colour": {"edits": [{"edit": "recolor", "domain": 0, "color": f"#123456\n{EVIL}"}]},
    "a merge": {"edits": [{"edit": "merge", "domains": [EVIL, f"\\'{EVIL}"]}]},
    "a cut": {"edits": [{"edit": "recluster", "cluster": {f"n_domains=3, **{EVIL}": 1}}]},
    "a cut's value": {"edits": [{"edit": "recluster", "cluster": {"method": EVIL}}]},
    "the preview": {"kept_preview": f"1 or {EVIL}"},
    "where it went on": {"kept_preview": 1, "resumed_at": f"3\n{EVIL}\n#"},
    "settings of the cut": {"reclustered_from": "x", "reclustered_with": {f"n_domains=3) if {EVIL} else dict(a": 1}},
    "the file it was cut from": {"reclustered_from": f"x')\n{EVIL}\n('", "reclustered_with": {}},
    "the trained cut": {"trained_cluster": {"method": EVIL}},
    "a source": {"sources": [{"path": f"'+{EVIL}+'", "sha256": None}]},
    "sources": {"sources": EVIL},
    "how it ended": {"stopped": EVIL},
    "nothing known": {EVIL: EVIL, "more": {EVIL: EVIL}},
}


@pytest.mark.parametrize("what", TAMPERED)
def test_the_script_of_a_tampered_result_calls_our_functions_with_plain_values_alone(sample, what):
    from dataclasses import replace

    dataset = replace(sample, name=f"'+{EVIL}+'", library=f"\n{EVIL}")
    result = by_hand(dataset, TAMPERED[what])
    with contextlib.suppress(nt.TrsmiError):
        assert_only_our_calls(as_python(result))


def test_a_record_of_other_types_is_refused_in_a_sentence(sample):
    with pytest.raises(nt.DataError, match=r"Expected the record of a run .*kept_preview"):
        as_python(by_hand(sample, {"kept_preview": "1"}))


def by_hand(dataset, provenance) -> nt.Result:
    from napari_trsmi.records import Partition, Step

    partition = Partition(np.zeros(dataset.n_spots, int), np.ones((dataset.n_spots, 1), np.float32), "mixture")
    history = (Step(3, 4, {"total": 1.0}, 0.5, 0.5, 0.5),)
    return nt.Result(dataset, QUICK, partition, partition.posterior, history=history, provenance=provenance)


def assert_only_our_calls(script: str) -> None:
    """Fail where a script does more than call functions of ours with literal values."""
    ours = {
        *("Cluster", "Checkpoints", "keep_preview", "nt.fit", "nt.read", "nt.Config", "nt.fit_steps", "nt.recluster"),
        *("nt.sample_path", "edits.rename", "edits.recolor", "edits.merge", "edits.recluster", "edits.review"),
        *("print", "next", "drain", "supported", "course.append", "steps.send", "result.write"),
    }
    tree = ast.parse(script)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            assert ast.unparse(node.func) in ours
        elif isinstance(node, ast.Import | ast.ImportFrom):
            assert ast.unparse(node).startswith(("import napari_trsmi as nt", "from napari_trsmi"))
        assert not isinstance(node, ast.BinOp | ast.BoolOp | ast.Lambda | ast.IfExp | ast.comprehension | ast.JoinedStr)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert "__import__" not in names


def test_the_script_of_a_study_reads_its_sections(tmp_path):
    study = nt.simulate(n_spots=100, n_genes=60, n_sections=2, n_domains=3, image=0)
    for number in (1, 2):
        table = study["rna"][study["rna"].obs["section"] == study["rna"].obs["section"].unique()[number - 1]].copy()
        table.uns.clear()
        table.write_h5ad(tmp_path / f"{number}.h5ad")
    config = nt.Config(cluster={"n_domains": 3, "n_init": 1}, train={"epochs": 1}, evidence={"support": False})
    result = nt.fit(nt.read_sections({"a": tmp_path / "1.h5ad", "b": tmp_path / "2.h5ad"}), config)
    again = run(as_python(result, tmp_path / "out.h5ad"))
    np.testing.assert_array_equal(again.labels, result.labels)
    assert again.dataset.section_names == ("a", "b")
    assert as_python(nt.restore(tmp_path / "out.h5ad"), tmp_path / "out.h5ad") == as_python(
        result, tmp_path / "out.h5ad"
    )


def test_the_script_of_a_study_from_one_file_names_the_column(tmp_path, make_table):
    table = make_table(72)
    table.obs["sample"] = ["a", "b"] * 36
    table.write_h5ad(tmp_path / "all.h5ad")
    script = as_python((nt.read_sections(tmp_path / "all.h5ad", column="sample"), QUICK))
    assert "column='sample', kinds={'rna': 'rna'}" in " ".join(script.split())
