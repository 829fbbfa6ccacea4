from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_sections import result, ringed, section, square

from napari_trsmi.data.own_columns import put_column
from napari_trsmi.data.study import stack
from napari_trsmi.errors import DataError
from napari_trsmi.exchange import import_columns, read_columns
from napari_trsmi.exchange.groups import is_groups, write_loupe, write_xenium


def with_region():
    dataset = section(square())
    region = pd.Categorical.from_codes(np.where(np.arange(144) < 40, 0, -1), categories=["a, b"])
    put_column(dataset, "side", region)
    return replace(result(dataset, ringed(dataset.coords)), domain_names=("=x", "2", "10"))


def test_loupe_has_a_barcode_and_a_column_for_each_grouping_and_comes_back(tmp_path):
    found = with_region()
    (path,) = write_loupe(found, tmp_path / "x.csv")
    lines = path.read_text().splitlines()
    assert lines[0] == "Barcode,domain,side"
    assert lines[1] == "AAC000-1,2" + ',"a, b"' if found.labels[0] == 1 else lines[1].startswith("AAC000-1,")
    domains, side = read_columns(section(square()), path)
    assert side.name == "side"
    assert side.values.equals(found.dataset.obs["side"].array)
    assert list(domains.values) == [found.names[k] for k in found.labels]
    assert list(domains.values.categories) == ["2", "10", "=x"]
    assert is_groups(path)


def test_xenium_has_a_file_for_each_grouping_without_cells_that_have_none(tmp_path):
    found = with_region()
    paths = write_xenium(found, tmp_path / "x.csv")
    assert [path.name for path in paths] == ["x.domain.csv", "x.side.csv"]
    table = pd.read_csv(paths[1])
    assert list(table) == ["cell_id", "group"]
    assert list(table["cell_id"]) == list(found.obs_names[:40])
    (column,) = read_columns(section(square()), paths[1])
    assert column.name == "x.side"
    assert column.values.equals(found.dataset.obs["side"].array)
    (only,) = write_xenium(found, tmp_path / "y.csv", ["domain"])
    assert only.name == "y.csv"


def table(tmp_path, text, name="t.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_barcodes_are_found_without_their_suffix_and_unknown_ones_counted(tmp_path):
    text = "Barcode,Region\n" + "".join(f"AAC{k:03d},r{k % 2}\n" for k in range(10)) + "ZZZ,r0\nAAC011,\n"
    (column,) = read_columns(section(square()), table(tmp_path, text))
    assert column.name == "Region"
    assert list(column.values[:4]) == ["r0", "r1", "r0", "r1"]
    assert column.values[10:].isna().all()
    assert "names 10 of 144 spots (2 groups)" in column.told
    assert "Not among the spots: 1 of its 12 barcodes." in column.told


def test_colours_beside_groups_are_taken(tmp_path):
    text = "cell_id,group,color\nAAC000-1,x,#102030\nAAC001-1,y,#a0b0c0\n"
    (column,) = read_columns(section(square()), table(tmp_path, text))
    assert column.name == "t"
    assert column.colors == {"x": "#102030", "y": "#a0b0c0"}


def test_selections_of_xenium_explorer_are_polygons_in_micrometres(tmp_path):
    text = (
        "#Selection name: left one\n#Area (µm^2): 400\nX,Y\n"
        "47.5,47.5\n67.5,47.5\n67.5,67.5\n47.5,67.5\n"
        "#Selection name: other\n#Area (µm^2): 400\nX,Y\n"
        "97.5,97.5\n107.5,97.5\n107.5,107.5\n97.5,107.5\n97.5,97.5\n"
    )
    path = table(tmp_path, text, "selections.csv")
    (column,) = read_columns(section(square(), microns_per_unit=0.5), path)
    assert column.name == "selections"
    assert (column.values == "left one").sum() == 16
    assert (column.values == "other").sum() == 4
    assert is_groups(path)
    both = "Selection,X,Y\na,47.5,47.5\na,67.5,47.5\na,67.5,67.5\nb,97.5,97.5\nb,107.5,97.5\nb,107.5,107.5\n"
    (column,) = read_columns(section(square(), microns_per_unit=0.5), table(tmp_path, both))
    assert list(column.values.categories) == ["a", "b"]


def test_selections_may_be_lists_of_cells(tmp_path):
    text = (
        "#Selection name: one\n#Area: 3\nCell ID,Cluster,Transcripts\nAAC000-1,Unassigned,3\nAAC001-1,Unassigned,1\n"
        "#Selection name: two\nCell ID,Cluster,Transcripts\nAAC001-1,Unassigned,1\nAAC002-1,Unassigned,1\n"
    )
    (column,) = read_columns(section(square()), table(tmp_path, text))
    assert list(column.values[:3]) == ["one", "two", "two"]
    assert "names 3 of 144" in column.told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Barcode,Region\nnope-1,x\n", "found none of them"),
        ("Barcode\nAAC000-1\n", "found none"),
        ("", "Expected a table"),
        ("Barcode,Region\nAAC000-1\n", "Expected a table"),
        ("#Selection name: far\nX,Y\n1,1\n2,1\n2,2\n", "found no spot"),
        ("#Selection name: odd\nX,Y\n1,1\nb,1\n2,2\n", "Expected numbers"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(tmp_path, text, said):
    with pytest.raises(DataError, match=said):
        read_columns(section(square()), table(tmp_path, text))


def test_other_tables_are_not_ours(tmp_path):
    assert not is_groups(table(tmp_path, "axis-0,axis-1\n1,2\n"))
    assert not is_groups(table(tmp_path, "gene,value\nactb,2\n"))
    assert is_groups(table(tmp_path, ",value\nAAC000-1,2\n"), section(square()).obs_names)
    assert not is_groups(tmp_path / "none.csv")
    assert is_groups(table(tmp_path, ""))
    assert is_groups(table(tmp_path, "Barcode,Cluster\n"))


def test_a_table_is_looked_for_in_all_sections_of_a_study_or_in_the_one_it_is_about(tmp_path):
    apart = section(square(8))
    renamed = np.array([f"B{k}-1" for k in range(64)])
    apart = replace(apart, obs_names=renamed, obs=apart.obs.set_axis(renamed))
    study = stack({"a": section(square()), "b": apart}, distinct=False)
    (column,) = read_columns(study, table(tmp_path, "Barcode,Region\nAAC000-1,x\nB3-1,y\n"))
    assert list(np.flatnonzero(column.values.codes >= 0)) == [0, 147]
    (column,) = read_columns(study, table(tmp_path, "Barcode,Region\na:AAC001-1,x\n"))
    assert list(np.flatnonzero(column.values.codes >= 0)) == [1]
    same = stack({"a": section(square()), "b": section(square(8))}, distinct=False)
    path = table(tmp_path, "Barcode,Region\nAAC000-1,x\n")
    with pytest.raises(DataError, match=r"Choose the section .*--section.*or name the sections"):
        import_columns(same, path)
    import_columns(same, path, "b")
    assert list(np.flatnonzero(same.obs["Region"].notna())) == [144]
    written = write_loupe(same, tmp_path / "w.csv", ["Region"])
    assert [path.name for path in written] == ["w.a.csv", "w.b.csv"]
    assert written[1].read_text() == "Barcode,Region\nAAC000-1,x\n"


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_are_seen(tmp_path, separator):
    path = table(tmp_path, separator.join(["Barcode", "side"]) + "\n" + separator.join(["AAC000-1", "a, b"]) + "\n")
    assert is_groups(path)
    (column,) = read_columns(section(square()), path)
    assert (column.name, column.values[0]) == ("side", "a, b")


ROWS = [("AAC000-1", "Größe 1"), ("AAC001-1", "b"), ("AAC002-1", "b")]
LINES = "".join(f"{name},{side}\n" for name, side in ROWS)


@pytest.mark.parametrize(
    "content",
    [
        ("Barcode\tside\r\n" + LINES.replace(",", "\t")).encode("utf-16"),
        ("Barcode;side\r\n" + LINES.replace(",", ";")).encode("cp1252"),
        ("\ufeffBarcode,side\n" + LINES).encode(),
        ('"side"\n' + LINES.replace(",", "\t")).encode(),
        ("NAME,side\nTYPE,group\n" + LINES).encode(),
        (",Barcode,side\n" + "".join(f"{k},{name},{side}\n" for k, (name, side) in enumerate(ROWS))).encode(),
    ],
    ids=["Unicode text", "Windows", "mark", "R", "Single Cell Portal", "pandas"],
)
def test_tables_of_other_programs_are_read(tmp_path, content):
    dataset = section(square())
    (tmp_path / "t.csv").write_bytes(content)
    assert is_groups(tmp_path / "t.csv", dataset.obs_names)
    (column,) = read_columns(dataset, tmp_path / "t.csv")
    assert (column.name, list(column.values[:3])) == ("side", ["Größe 1", "b", "b"])
    assert list(column.values.categories) == ["Größe 1", "b"]
    assert "names 3 of 144 spots" in column.told


def test_a_table_is_known_where_its_start_ends_within_a_letter(tmp_path):
    (tmp_path / "t.csv").write_text("\ufeffBarcode,side\n" + "AAC000-1,ö\n" * 12_000)
    assert is_groups(tmp_path / "t.csv")


def test_a_table_without_a_heading_loses_no_barcode(tmp_path):
    path = table(tmp_path, "AAC000-1,a\nAAC001-1,b\n")
    dataset = section(square())
    assert is_groups(path, dataset.obs_names)
    (column,) = read_columns(dataset, path)
    assert list(column.values[:2]) == ["a", "b"]
    assert column.name == path.stem


def test_barcodes_that_stand_in_a_table_twice_are_told(tmp_path):
    path = table(tmp_path, "Barcode,side\nAAC000-1,a\nAAC000-1,b\nAAC001-1,b\n")
    (column,) = read_columns(section(square()), path)
    assert column.values[0] == "b"
    assert "More than once in it: 1 barcode;" in column.told


def test_sections_that_would_be_one_file_are_refused_before_anything_is_written(tmp_path):
    made = {name: section(square()) for name in ("a/b", "a_B")}
    study = stack(made, distinct=False)
    put_column(study, "Region", pd.Categorical(["x"] * study.n_spots))
    with pytest.raises(DataError, match="'a/b' and 'a_B' would both be"):
        write_loupe(study, tmp_path / "w.csv", ["Region"])
    assert not list(tmp_path.iterdir())


def numbered_alike():
    return stack({"a": section(square()), "b": section(square(8))}, distinct=False)


def test_a_table_that_names_the_section_of_each_line_is_about_all_of_them(tmp_path):
    study = numbered_alike()
    text = "section,barcode,domain,confidence,x,y\na,AAC000-1,one,0.5,0,0\nb,AAC000-1,two,0.25,0,0\n"
    path = table(tmp_path, text, "t.domains.csv")
    (column,) = read_columns(study, path)  # neither places nor fractions are groups, nor corners of a selection
    assert list(np.flatnonzero(column.values.codes >= 0)) == [0, 144]
    assert list(column.values[[0, 144]]) == ["one", "two"]
    (column,) = read_columns(study, path, "b")
    assert list(np.flatnonzero(column.values.codes >= 0)) == [144]
    assert is_groups(path)
    with pytest.raises(DataError, match=r"Expected lines of the section 'b' in .*, found those of a"):
        read_columns(study, table(tmp_path, "section,barcode,domain\na,AAC000-1,one\n"), "b")


def test_barcodes_with_places_are_no_selection(tmp_path):
    text = "barcode,domain,x,y\nAAC000-1,one,0,0\nAAC001-1,two,500,0\nAAC002-1,one,500,500\n"
    (column,) = read_columns(section(square()), table(tmp_path, text))
    assert list(column.values[:4].codes) == [0, 1, 0, -1]


def test_barcodes_that_are_those_of_another_section_letter_by_letter_are_told(tmp_path):
    numbered = {}
    for number in (1, 2):
        one = section(square())
        names = np.array([f"{'ACGT'[k % 4] * 12}-{number}" if k < 4 else f"B{k:04d}-{number}" for k in range(144)])
        tables = {key: replace(each, table=each.table.copy()) for key, each in one.modalities.items()}
        for each in tables.values():
            each.table.obs_names = names
        numbered[f"s{number}"] = replace(one, modalities=tables, obs_names=names, obs=one.obs.set_axis(names))
    study = stack(numbered, distinct=False)
    path = table(tmp_path, "Barcode,drawn\n" + "".join(f"{name},core\n" for name in numbered["s2"].obs_names[:9]))
    (column,) = read_columns(study, path, "s1")
    assert list(np.flatnonzero(column.values.codes >= 0)) == [*range(9)]
    assert "Put into s1; as they are written, its barcodes are those of s2." in column.told
    (right,) = read_columns(study, path, "s2")
    assert "as they are written" not in right.told
    assert right.values.equals(read_columns(study, path)[0].values)
