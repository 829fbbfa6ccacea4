"""What is no result, section or path is refused in a sentence that says what is taken."""

from __future__ import annotations

import pytest

import napari_trsmi as nt

OF_A_RESULT = {
    "carriers": lambda given, path: nt.carriers(given, 0),
    "composition": lambda given, path: nt.composition(given),
    "composition_test": lambda given, path: nt.composition_test(given, "condition"),
    "describe_domain": lambda given, path: nt.describe_domain(given, "1"),
    "export": lambda given, path: nt.export(given, path.with_suffix(".geojson")),
    "import_columns": lambda given, path: nt.import_columns(given, path),
    "markers": lambda given, path: nt.markers(given),
    "mixing": lambda given, path: nt.mixing(given),
    "profile_across": lambda given, path: nt.profile_across(given, 0),
    "read_result": lambda given, path: nt.read_result(given),
    "recluster": lambda given, path: nt.recluster(given),
    "restore": lambda given, path: nt.restore(given),
    "save_figure": lambda given, path: nt.save_figure(given, path.with_suffix(".png")),
    "transfer": lambda given, path: nt.transfer(given, path),
}


@pytest.mark.parametrize("name", OF_A_RESULT)
def test_what_is_none_is_told_in_a_sentence(name, tmp_path):
    with pytest.raises(nt.DataError, match=r"Expected .*, found (NoneType|dict)"):
        OF_A_RESULT[name](None, tmp_path / "x.csv")
    with pytest.raises(nt.DataError, match=r"Expected .*, found dict"):
        OF_A_RESULT[name]({"rna": 1}, tmp_path / "x.csv")


def test_columns_of_a_result_go_into_its_dataset(fitted, tmp_path):
    result = nt.restore(fitted.path)
    (tmp_path / "groups.csv").write_text(f"Barcode,group\n{result.obs_names[0]},a\n")
    with pytest.raises(nt.DataError, match=r"found Result.*result\.dataset"):
        nt.import_columns(result, tmp_path / "groups.csv")
    nt.import_columns(result.dataset, tmp_path / "groups.csv")
    assert result.dataset.obs["groups"].notna().sum() == 1


def test_a_saved_result_is_cut_again_by_settings_in_a_dict(fitted):
    found, other = (
        nt.recluster(fitted.path, one) for one in ({"n_domains": 3}, nt.Config(cluster={"n_domains": 3}).cluster)
    )
    assert found.partition.n_domains == 3
    assert (found.labels == other.labels).all()
    with pytest.raises(nt.ConfigError, match=r"cluster\.n_domain"):
        nt.recluster(fitted.path, {"n_domain": 3})
