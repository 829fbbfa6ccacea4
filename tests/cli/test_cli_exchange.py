import anndata
import numpy as np
import pandas as pd
import pytest

import napari_trsmi as nt
from napari_trsmi.cli import main
from napari_trsmi.restoring import restore

pytestmark = pytest.mark.filterwarnings("ignore:.*zarr v2.*")


def test_domains_go_to_geojson_and_come_back_into_a_copy_of_the_result(fitted, tmp_path, capsys):
    out, copy = tmp_path / "x.geojson", tmp_path / "copy.h5mu"
    assert main(["export", str(fitted.path), "-o", str(out)]) == 0
    assert str(out) in capsys.readouterr().out
    table = tmp_path / "loupe.csv"
    assert main(["export", str(fitted.path), "--format", "loupe", "-o", str(table)]) == 0
    assert main(["import", str(fitted.path), str(out), str(table), "-o", str(copy)]) == 0
    assert "names 400 of 400 spots (7 groups)" in capsys.readouterr().out
    result = restore(copy)
    domains = np.array(result.names)[result.labels]
    columns = list(result.dataset.own_columns)
    assert len(columns) == 2
    for column in columns:
        assert list(result.dataset.obs[column]) == list(domains)


def test_a_section_without_a_result_gets_columns_too(small_file, tmp_path, capsys):
    names = nt.read(small_file).obs_names
    table, copy = tmp_path / "groups.csv", tmp_path / "copy.h5mu"
    pd.DataFrame({"cell_id": names[:30], "group": ["a", "b"] * 15}).to_csv(table, index=False)
    assert main(["import", str(small_file), str(table), "-o", str(copy)]) == 0
    assert "groups.csv names 30 of 400 spots (2 groups): column 'groups'" in capsys.readouterr().out
    dataset = nt.read(copy)
    assert list(dataset.own_columns) == ["groups"]
    assert list(dataset.obs["groups"][:4]) == ["a", "b", "a", "b"]
    assert dataset.obs["groups"].notna().sum() == 30
    assert {*nt.read(small_file).obs, "groups"} == set(dataset.obs)
    out = tmp_path / "x.json"
    assert main(["export", str(copy), "--format", "vitessce", "-o", str(out)]) == 0
    shown = anndata.read_zarr(tmp_path / "x.data" / "rna.zarr")
    assert shown.obs["groups"].notna().sum() == 30
    assert main(["export", str(copy), "--format", "xenium", "--column", "domain", "groups", "-o", str(table)]) == 0
    assert (tmp_path / "groups.domain.csv").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["export", "IN", "--format", "loupe", "-o", "x.geojson"], "ending in .csv"),
        (["export", "IN", "-o", "x.csv"], "Give --format loupe or xenium, or change the ending."),
        (["export", "IN", "-o", "x.txt"], "found x.txt. Change the ending."),
        (["export", "IN", "--format", "loupe", "-o", "x.csv", "--column", "nope"], "Expected a column"),
        (["export", "IN", "-o", "x.geojson"], "found neither"),
        (["import", "IN", "-o", "x.h5mu"], "found none"),
        (["import", "IN", "nope.csv", "-o", "x.h5mu"], "found no file"),
        (["import", "IN", "IN", "-o", "IN"], "another file than the input"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(words, said, small_file, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "in.h5mu"
    own.write_bytes(small_file.read_bytes())
    pd.DataFrame({"cell_id": nt.read(own).obs_names[:3], "group": "a"}).to_csv("g.csv", index=False)
    words = [str(own) if word == "IN" else word for word in words]
    if words[:3] == ["import", str(own), str(own)]:
        words[2] = "g.csv"
    assert main(words) == 2
    assert said in capsys.readouterr().err
