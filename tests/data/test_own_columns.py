import json
from dataclasses import replace

import anndata
import numpy as np
import pandas as pd
import pytest
from short_run import finish, settings, small_slice
from small_study import small_study

import napari_trsmi as nt
from napari_trsmi.data.own_columns import KEY, drop_column, put_column
from napari_trsmi.data.study import stack
from napari_trsmi.data.tables import write_table
from napari_trsmi.errors import DataError
from napari_trsmi.restoring import restore


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A result over a section in a file; do not change it."""
    path = tmp_path_factory.mktemp("own") / "in.h5mu"
    write_table(small_slice(), path, ".h5mu")
    return finish(nt.fit_steps(nt.read(path), settings()))[1]


@pytest.fixture
def result(first):
    """The same over a section whose columns may be changed."""
    return replace(first, dataset=replace(first.dataset, obs=first.dataset.obs.copy(), own_columns={}))


def regions(n, *names):
    return pd.Categorical.from_codes(np.arange(n) % (len(names) + 1) - 1, categories=list(names))


@pytest.mark.parametrize("suffix", [".h5mu", ".h5ad", pytest.param(".zarr", marks=pytest.mark.slow)])
def test_columns_of_ones_own_go_with_a_result_and_come_back_with_their_colours(result, tmp_path, suffix):
    values = regions(result.dataset.n_spots, "tumour", "rim")
    put_column(result.dataset, "region", values, {"rim": "#102030"})
    written = result.write(tmp_path / f"a{suffix}")
    assert 'obs["region"]' in " ".join(written.keys)
    again = restore(tmp_path / f"a{suffix}")
    assert list(again.dataset.own_columns) == ["region"]
    assert again.dataset.own_columns == result.dataset.own_columns
    assert again.dataset.own_columns["region"]["rim"] == "#102030"
    pd.testing.assert_extension_array_equal(again.dataset.obs["region"].array, values)
    table = pd.read_csv(tmp_path / "a.domains.csv")
    assert list(table["region"].fillna("")) == ["" if one is np.nan else one for one in values.astype(object)]
    # changed and dropped ones do not stay in the next copy
    put_column(again.dataset, "region", regions(again.dataset.n_spots, "other"))
    put_column(again.dataset, "second", regions(again.dataset.n_spots, "x"))
    again.write(tmp_path / f"b{suffix}")
    third = restore(tmp_path / f"b{suffix}")
    assert list(third.dataset.obs["region"].cat.categories) == ["other"]
    drop_column(third.dataset, "region")
    third.write(tmp_path / f"c{suffix}")
    last = restore(tmp_path / f"c{suffix}").dataset
    assert list(last.own_columns) == ["second"]
    assert not [name for name in last.obs if "region" in name]


def test_the_colours_are_where_scanpy_looks_for_them(result, tmp_path):
    put_column(result.dataset, "region", regions(result.dataset.n_spots, "b", "a"))
    result.write(tmp_path / "a.h5ad")
    table = anndata.read_h5ad(tmp_path / "a.h5ad")
    assert list(table.obs["region"].cat.categories) == ["b", "a"]
    assert list(table.uns["region_colors"]) == [json.loads(table.uns[KEY])["region"][name] for name in ("b", "a")]


def test_a_column_of_the_file_cannot_be_replaced(result):
    name = result.dataset.obs.columns[0]
    with pytest.raises(DataError, match="no column of the file"):
        put_column(result.dataset, name, regions(result.dataset.n_spots, "a"))


def test_categories_get_colours_that_differ(result):
    names = [f"r{k}" for k in range(60)]
    put_column(result.dataset, "region", regions(result.dataset.n_spots, *names), {"r3": "#00ebff"})
    colors = result.dataset.own_columns["region"]
    assert len(colors) == 60
    assert colors["r3"] == "#00ebff"
    assert len(set(colors.values())) > 20


@pytest.mark.slow
def test_a_column_of_a_study_is_one_of_its_sections_and_comes_back(tmp_path):
    shared = small_study()
    parts = {part.name: replace(part, obs=part.obs.copy(), own_columns={}) for part in shared.parts}
    study = stack(parts)
    values = regions(study.n_spots, "in", "out")
    put_column(study, "region", values)
    for part, rows in zip(study.parts, study.sections, strict=True):
        assert list(part.own_columns) == ["region"]
        pd.testing.assert_extension_array_equal(part.obs["region"].array, values[rows])
    config = nt.Config(
        cluster={"n_domains": 3, "n_init": 1},
        train={"epochs": 2},
        preprocess={"n_components": 4},
        evidence={"support": False},
    )
    result = nt.fit(study, config)
    result.write(tmp_path / "study.h5mu")
    again = restore(tmp_path / "study.h5mu").dataset
    assert again.own_columns == study.own_columns
    assert list(again.obs["region"].astype(object).fillna("")) == list(pd.Series(values).astype(object).fillna(""))
    assert [list(part.own_columns) for part in again.parts] == [["region"]] * 3
