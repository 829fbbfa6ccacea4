import numpy as np
import pytest

import napari_trsmi as nt
from napari_trsmi.errors import DataError
from napari_trsmi.gui.regions.regions import Regions
from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.session.state import OpenSection


@pytest.fixture
def session():
    session = Session(lambda *_: None)
    session.activate(OpenSection(nt.read(nt.sample_path())))
    return session


@pytest.fixture
def regions(session):
    return Regions(session)


def rows(regions):
    return {row.name: row.n_spots for row in regions.rows}


def test_what_is_added_first_makes_a_column_and_a_region(session, regions):
    assert (regions.column, regions.region, regions.rows) == ("", "", [])
    regions.add(np.arange(10))
    assert (regions.column, regions.region) == ("region", "Region 1")
    assert rows(regions) == {"Region 1": 10}
    assert session.dataset.obs["region"].notna().sum() == 10


def test_the_last_region_has_a_spot_and_erased_ones_are_in_none(regions):
    regions.add(np.arange(10))
    regions.new_region()
    regions.add(np.arange(5, 20))
    assert rows(regions) == {"Region 1": 5, "Region 2": 15}
    regions.erase(np.arange(3, 7))
    assert rows(regions) == {"Region 1": 3, "Region 2": 13}


def test_every_change_can_be_undone_under_its_name_and_done_again(session, regions):
    deeds = session.deeds
    regions.add(np.arange(10))
    assert deeds.last == "adding 10 spots to Region 1"
    regions.rename("Region 1", "tumour")
    regions.recolor("tumour", "#123456")
    regions.new_region()
    regions.add(np.arange(20, 30))
    regions.remove("tumour")
    assert rows(regions) == {"Region 2": 10}
    states = []
    names = ["removal of tumour", "adding 10 spots to Region 2", "new Region 2", "colour of tumour"]
    names += ["renaming of Region 1 to tumour", "adding 10 spots to Region 1"]
    for name in names:
        assert deeds.last == name
        deeds.undo()
        states.append(regions.rows)
    assert states[0][0].color == "#123456"
    assert states[3][0].color != "#123456"
    assert [row.name for row in states[4]] == ["Region 1"]
    assert states[5] == []
    assert session.annotations.names == ()
    for _ in names:
        deeds.redo()
    assert rows(regions) == {"Region 2": 10}


def test_a_region_renamed_to_another_joins_it(regions):
    regions.add(np.arange(10))
    regions.new_region()
    regions.add(np.arange(10, 30))
    color = regions.rows[0].color
    regions.rename("Region 2", "Region 1")
    assert rows(regions) == {"Region 1": 30}
    assert regions.rows[0].color == color
    assert regions.region == "Region 1"


def test_columns_are_worked_on_one_at_a_time(session, regions):
    regions.add(np.arange(10))
    regions.new_column("second")
    assert (regions.column, regions.rows) == ("second", [])
    regions.add(np.arange(3))
    assert regions.columns == ("region", "second")
    regions.choose(column="region")
    assert rows(regions) == {"Region 1": 10}
    for name in ("region", session.dataset.obs.columns[0], "", "a/b"):
        with pytest.raises(DataError, match="Choose another name"):
            regions.new_column(name)
    regions.remove_column()
    assert regions.columns == ("second",)
    session.deeds.undo()
    assert regions.columns == ("second", "region")


def test_regions_stay_with_their_section(session, regions):
    first = session.section
    regions.add(np.arange(10))
    session.activate(OpenSection(nt.read(nt.sample_path())))
    assert regions.rows == []
    session.activate(first)
    assert rows(regions) == {"Region 1": 10}
