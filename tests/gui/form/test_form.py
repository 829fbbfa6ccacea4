"""The form of the settings, in a real window."""

from __future__ import annotations

import pytest
from edited_form import NO_DEFAULT, number
from hypothesis import HealthCheck, given, settings
from strategies import configs

from napari_trsmi.config import Config
from napari_trsmi.gui.form.config_form import ConfigForm
from napari_trsmi.gui.form.modalities import KINDS, USED, WEIGHTS
from napari_trsmi.gui.form.spec import get
from napari_trsmi.presets import load_preset, presets


def test_any_config_goes_in_and_comes_out_with_nothing_emitted(form, told):
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(configs())
    def check(config):
        form.set_value(config)
        assert form.value() == config

    check()
    assert told == []


def test_one_edit_keeps_every_other_setting(form, told):
    form.set_value(NO_DEFAULT)
    number(form, "train.epochs").setValue(7)
    assert told == [NO_DEFAULT.model_copy(update={"train": NO_DEFAULT.train.model_copy(update={"epochs": 7})})]


def test_a_reset_button_shows_where_a_setting_differs_and_takes_it_back(form, told):
    row, other = form.rows["gate.start"], form.rows["gate.shape"]
    form.folds["gate"].open()
    number(form, "gate.start").setValue(3.0)
    assert row.reset.isVisible()
    assert not other.reset.isVisible()
    assert form.folds["gate"].button.text().endswith("Gate · 1 changed")
    row.reset.click()
    assert form.value() == told[-1] == Config()
    assert not row.reset.isVisible()
    assert form.folds["gate"].button.text().endswith("Gate")


def test_an_invalid_combination_is_explained_and_the_last_valid_value_stays(form, told):
    form.folds["graph"].open()
    number(form, "graph.w_feature").setValue(0)
    number(form, "graph.w_spatial").setValue(0)
    error = form.folds["graph"].error
    assert error.isVisible()
    assert "Expected graph.w_spatial or graph.w_feature above 0, found both 0." in error.text()
    assert len(told) == 1
    assert form.value() == Config(graph={"w_feature": 0})
    # Another section is not held up by it, and does not clear it away.
    number(form, "seed").setValue(4)
    assert told[-1] == form.value() == Config(graph={"w_feature": 0}, seed=4)
    assert error.isVisible()
    assert number(form, "graph.w_spatial").value() == 0
    number(form, "graph.w_feature").setValue(0.5)
    assert not error.isVisible()
    assert told[-1] == form.value() == Config(graph={"w_feature": 0.5, "w_spatial": 0}, seed=4)
    assert len(told) == 3


def test_modalities_kinds_and_weights_are_those_of_the_section(form, told):
    row = form.modality_row
    row.boxes["adt"].click()
    assert form.value().preprocess.modalities == ("rna",)
    row.boxes["rna"].click()  # none at all would mean all
    assert "Expected at least one modality" in form.folds["preprocess"].error.text()
    assert row.boxes["rna"].isChecked()
    row.boxes["adt"].click()
    assert form.value().preprocess.modalities == ()
    assert form.folds["preprocess"].error.text() == ""
    row.combos["adt"].setCurrentText("precomputed")
    row.weights["rna"].setValue(2)
    assert form.value().preprocess.kinds == {"adt": "precomputed"}
    assert form.value().loss.modality_weights == {"rna": 2.0}
    assert len(told) == 4
    row.reset.click()
    assert form.value() == told[4] == Config()
    assert len(told) == 5


def test_settings_of_modalities_that_are_not_there_are_named_and_kept(form, told):
    config = Config(preprocess={"kinds": {"atac": "chromatin"}}, loss={"modality_weights": {"atac": 3}})
    form.set_value(config)
    assert "name atac, which this section does not have" in form.modality_row._note.text()
    form.modality_row.combos["adt"].setCurrentText("rna")
    assert get(form.value(), KINDS) == {"atac": "chromatin", "adt": "rna"}
    assert get(form.value(), WEIGHTS) == {"atac": 3}
    form.set_modalities({})
    assert "Open a section" in form.modality_row._note.text()
    assert get(form.value(), USED) == ()


def test_a_preset_is_one_edit_and_leaves_section_and_machine_alone(form, told):
    kept = {"seed": 9, "device": "cpu", "threads": 2, "preprocess": {"modalities": ("rna",)}}
    form.set_value(Config(**kept, gate={"start": 4.0}))
    action = next(one for one in form.tools.menu.actions() if one.data() == "fast_look")
    action.trigger()
    fast = load_preset("fast_look")
    assert told == [Config(**kept, cluster=fast.cluster.model_dump(), train=fast.train.model_dump())]
    assert [a.data() for a in form.tools.menu.actions() if a.data()] == [preset.name for preset in presets()]


def test_the_preset_that_the_settings_are_is_named_until_one_of_them_is_changed(form):
    button, marked = form.tools.presets, lambda: [a.text() for a in form.tools.menu.actions() if a.isChecked()]
    form.set_value(Config(seed=9))
    assert (button.text(), marked()) == ("Presets", ["Default"])
    fast = next(one for one in form.tools.menu.actions() if one.data() == "fast_look")
    for _ in range(2):  # the second time it is that already
        fast.trigger()
        assert (button.text(), marked()) == ("Fast look", ["Fast look"])
        assert "These are the settings of Fast look." in button.toolTip()
    number(form, "train.epochs").setValue(7)
    assert (button.text(), marked()) == ("Presets", [])


def test_settings_go_to_a_file_and_come_back(form, told, tmp_path):
    form.set_value(NO_DEFAULT)
    form.save(tmp_path / "mine.json")
    form.set_value(Config())
    form.load(tmp_path / "mine.json")
    assert told == [NO_DEFAULT]
    assert Config.load(tmp_path / "mine.json") == NO_DEFAULT


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("{", "Expected JSON in"), ('{"sede": 1}', "no setting sede in this version"), (None, "No such file")],
)
def test_a_broken_file_is_one_sentence_and_changes_nothing(form, told, tmp_path, qtbot, content, sentence):
    if content is not None:
        (tmp_path / "broken.json").write_text(content)
    with qtbot.waitSignal(form.failed) as failed:
        form.load(tmp_path / "broken.json")
    assert failed.args[0].startswith("broken.json was not loaded, and the settings are as they were. ")
    assert sentence in failed.args[0]
    assert told == []
    assert form.value() == Config()


def test_a_file_that_cannot_be_written_is_one_sentence(form, tmp_path, qtbot):
    with qtbot.waitSignal(form.failed) as failed:
        form.save(tmp_path / "no" / "such" / "folder.json")
    assert failed.args[0].startswith("Expected a place to write settings to")


def test_the_search_finds_settings_by_name_help_and_symbol_and_brings_back_what_was_open(form):
    form.folds["gate"].open()
    form.tools.search.setText("temperature")
    found = {name for name, row in form.rows.items() if row.isVisible()}
    assert found == {"align.temperature", "cluster.tau_c"}
    form.tools.search.setText("lambda_g")
    assert {name for name, row in form.rows.items() if row.isVisible()} == {"loss.lam_graph"}
    form.tools.search.clear()
    assert {name for name, fold in form.folds.items() if fold.is_open()} == {"gate"}
    assert all(fold.isVisible() for fold in form.folds.values())


@pytest.mark.slow
def test_the_form_fits_340_pixels_with_everything_open(viewer, qtbot):
    form = ConfigForm()
    viewer.window.add_dock_widget(form, area="right")
    form.set_modalities({"rna": "rna", "adt": "protein", "H3K27ac": "chromatin"})
    form.set_value(Config(graph={"k_spatial": 6}, cluster={"domain_scale": 2}, encoder={"dim": 50}, seed=1))
    for fold in form.folds.values():
        fold.open()
    qtbot.waitUntil(lambda: form.area.widget().isVisible())
    bar = form.area.verticalScrollBar().sizeHint().width()
    assert form.area.widget().minimumSizeHint().width() + bar <= 340
    assert form.minimumSizeHint().width() <= 340
    assert form.sizeHint().width() <= 360


def test_covariates_are_typed_with_commas_and_stay_under_a_preset(form, told):
    box = form.rows["preprocess.covariates"].editor.box
    box.setText(" batch,log_depth , ")
    box.editingFinished.emit()
    assert told[-1].preprocess.covariates == ("batch", "log_depth")
    form.set_preset(presets()[-1].name)
    assert form.value().preprocess.covariates == ("batch", "log_depth")
