import pandas as pd
import pytest

import napari_trsmi as nt
from napari_trsmi.errors import DataError
from napari_trsmi.gui.session.session import Session
from napari_trsmi.gui.session.state import OpenSection


@pytest.mark.slow
def test_a_column_of_ones_own_is_a_column_like_those_of_the_file():
    session, heard = Session(lambda *_: None), []
    session.annotations.changed.connect(heard.append)
    session.annotations.put("mine", pd.Categorical([]))  # nothing is open
    assert heard == []
    section = OpenSection(nt.read(nt.sample_path()))
    session.activate(section)
    values = pd.Categorical(["a", None] * (section.dataset.n_spots // 2))
    session.annotations.put("mine", values)
    assert list(section.dataset.obs["mine"][:1]) == ["a"]
    assert session.annotations.names == ("mine",)
    session.annotations.drop("mine")
    assert "mine" not in section.dataset.obs
    assert session.annotations.names == ()
    assert heard == ["mine", "mine"]


def test_a_column_of_the_file_stays():
    session = Session(lambda *_: None)
    section = OpenSection(nt.read(nt.sample_path()))
    session.activate(section)
    name = section.dataset.obs.columns[0]
    session.annotations.drop(name)
    assert name in section.dataset.obs


def test_a_column_that_could_not_be_added_is_not_to_be_saved():
    session, section = Session(lambda *_: None), OpenSection(nt.read(nt.sample_path()))
    session.activate(section)
    with pytest.raises(DataError):
        session.annotations.put(section.dataset.obs.columns[0], pd.Categorical(["a"] * section.dataset.n_spots))
    assert section.unkept == {}


def test_what_is_drawn_on_domains_has_a_colour_of_none_of_them(trained):
    from napari_trsmi.gui.session.state import Run

    for result, run in ((trained, None), (None, Run(OpenSection(trained.dataset), trained.config))):
        if run is not None:
            run.colors = trained.palette
        session, section = Session(lambda *_: None), OpenSection(nt.read(nt.sample_path()), result, run=run)
        session.activate(section)
        session.annotations.put("mine", pd.Categorical(["a", "b"] * (section.dataset.n_spots // 2)))
        colors = set(section.dataset.own_columns["mine"].values())
        assert len(colors) == 2
        assert not colors & set(trained.palette)
