"""`trsmi study` and `trsmi transfer`."""

from __future__ import annotations

import mudata
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

import napari_trsmi as nt
from napari_trsmi.cli import main
from napari_trsmi.data.simulate import simulate_dataset
from napari_trsmi.data.study import stack
from napari_trsmi.data.tables import mudata_as_stored
from napari_trsmi.script import as_python


def test_the_composition_of_a_file_is_written_and_drawn(fitted, tmp_path, capsys):
    out = tmp_path / "shares.csv"
    assert main(["study", str(fitted.path), "-o", str(out)]) == 0
    table, expected = pd.read_csv(out), nt.composition(nt.restore(fitted.path))
    assert table["spots"].tolist() == expected["spots"].tolist()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shares.csv", "shares.png"]
    assert f"Table: {out}" in capsys.readouterr().out


def test_conditions_of_too_few_sections_are_written_and_not_tested(fitted, tmp_path, capsys):
    out = tmp_path / "shares.csv"
    name = nt.restore(fitted.path).dataset.name
    assert main(["study", str(fitted.path), "-o", str(out), "--conditions", name, "well"]) == 0
    assert "Not tested: Expected at least 3 sections" in capsys.readouterr().out
    assert pd.read_csv(out)["condition"].unique().tolist() == ["well"]
    assert not out.with_suffix(".test.csv").exists()
    words = ["study", str(fitted.path), "-o", str(out), "--conditions", name, "well", "--by", "domain"]
    assert main(words) == 2
    assert "found both. Leave one out." in capsys.readouterr().err


def test_a_part_of_the_section_gets_the_domains_of_the_whole(fitted, small_file, tmp_path, capsys):
    whole = nt.restore(fitted.path)
    new, out = tmp_path / "new.h5mu", tmp_path / "labelled.h5mu"
    with mudata_as_stored():
        sample = mudata.read_h5mu(small_file)
        kept = np.sort(np.random.default_rng(0).choice(sample.n_obs, 320, replace=False))
        sample[sample.obs_names[kept]].copy().write(new)
    assert main(["transfer", str(fitted.path), str(new), "-o", str(out), "--no-figure"]) == 0
    assert "domains over 320 spots" in capsys.readouterr().out
    found = nt.restore(out)
    assert found.names == whole.names
    assert found.palette == whole.palette
    before = pd.Series(whole.labels, whole.obs_names)[found.obs_names]
    assert adjusted_rand_score(before, found.labels) > 0.6
    assert {"fits", "support"} <= set(found.maps)
    assert f"nt.transfer({str(fitted.path.absolute())!r}, dataset)" in as_python(found)
    assert main(["fit", "--config", str(out.with_suffix(".run.json")), "-o", str(tmp_path / "again.h5mu")]) == 2
    assert "found that of domains taken over" in capsys.readouterr().err


def test_a_section_has_to_be_named(fitted, tmp_path, capsys):
    assert main(["transfer", str(fitted.path), "-o", str(tmp_path / "x.h5mu")]) == 2
    assert "Expected a section to label" in capsys.readouterr().err


@pytest.fixture(scope="module")
def study_file(tmp_path_factory):
    parts = {name: simulate_dataset(n_spots=150, seed=seed) for seed, name in enumerate(("s1", "s2"))}
    settings = {"cluster": {"n_domains": 2, "n_init": 1}, "train": {"epochs": 2}, "preprocess": {"n_components": 6}}
    result = nt.fit(stack(parts), nt.Config(**settings, evidence={"support": False}, device="cpu"))
    path = tmp_path_factory.mktemp("study") / "study.h5mu"
    result.write(path)
    return path


def test_sections_without_a_condition_are_named(study_file, tmp_path, capsys):
    line = ["study", str(study_file), "-o", str(tmp_path / "shares.csv"), "--conditions", "s1", "well"]
    assert main(line) == 0
    assert "Left out for want of a condition: s2." in capsys.readouterr().out


@pytest.mark.slow
def test_one_section_of_a_study_is_compared_and_described_as_in_python(study_file, fitted, tmp_path, capsys):
    out, result = tmp_path / "differ.csv", nt.restore(study_file)
    line = ["differ", str(study_file), "domain:1", "-o", str(out), "--same-counts", "--section", "s2"]
    assert main(line) == 0
    expected = nt.differ(result, "domain:1", held_out=False, section="s2")
    pd.testing.assert_frame_equal(pd.read_csv(out), expected.table(), check_dtype=False, rtol=1e-4)
    assert f"({expected.a.n_spots:,} spots)" in capsys.readouterr().out
    line = ["describe", str(study_file), "1", "-o", str(out), "--same-counts", "--section", "s2"]
    assert main(line) == 0
    found = nt.describe_domain(result, "1", held_out=False, section="s2")
    assert f"Domain 1: {found.n_spots:,} spots, {found.share:.1%} of s2." in capsys.readouterr().out
    assert main([*line[:-1], "s3"]) == 2
    assert "Expected a section among ['s1', 's2'], found 's3'" in capsys.readouterr().err
    assert main(["differ", str(fitted.path), "domain:1", "-o", str(out), "--section", "s2"]) == 2
    assert "Expected a study of several sections, found one section." in capsys.readouterr().err
