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


<<<<<<< HEAD
=======
def test_covariates_are_typed_with_commas_and_stay_under_a_preset(form, told):
    box = form.rows["preprocess.covariates"].editor.box
    box.setText(" batch,log_depth , ")
    box.editingFinished.emit()
    assert told[-1].preprocess.covariates == ("batch", "log_depth")
    form.set_preset(presets()[-1].name)
    assert form.value().preprocess.covariates == ("batch", "log_depth")


def test_undo_and_redo_walk_through_the_edits(form, told):
    number(form, "seed").setValue(1)
    form.rows["align.enabled"].editor.widget.native.click()
    number(form, "seed").setValue(2)
    path = [Config(), *told]
    told.clear()
    for _ in range(3):
        form.tools.undo.click()
    assert [*reversed(told)] == path[:3]
    assert not form.tools.undo.isEnabled()
    assert number(form, "seed").value() == 0
    form.tools.redo.click()
    assert form.value() == told[-1] == path[1]


def test_undo_works_from_the_keyboard_also_inside_a_line_of_text(form, told, qtbot):
    form.folds["diffusion"].open()
    line = form.rows["diffusion.scales"].editor.box
    qtbot.waitUntil(line.isVisible)
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, "3:0.5")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert form.value().diffusion.scales == ((3, 0.5),)
    qtbot.keyClick(line, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert form.value() == Config()
    assert line.text() == "2:0.2, 4:0.15, 8:0.1"
    qtbot.keyClick(line, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert form.value().diffusion.scales == ((3, 0.5),)
    button = form.folds["gate"].button
    qtbot.keyClick(button, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert form.value() == Config()
    assert len(told) == 4


def test_quick_edits_of_one_setting_are_undone_together(form, told, monkeypatch):
    monkeypatch.setattr(history, "MERGE_SECONDS", 60)
    for _ in range(5):
        number(form, "train.epochs").stepUp()
    number(form, "seed").setValue(3)
    assert len(told) == 6
    form.undo()
    assert form.value() == Config(train={"epochs": 65})
    form.undo()
    assert form.value() == Config()


def test_settings_from_elsewhere_can_be_undone(form, told):
    number(form, "seed").setValue(5)
    form.set_value(NO_DEFAULT)
    assert len(told) == 1
    form.undo()
    assert form.value() == told[-1] == Config(seed=5)
    assert len(told) == 2


def test_steps_stay_within_the_bounds_and_decimals_stay_short(form, told):
    gate = number(form, "encoder.gate")
    for _ in range(30):
        gate.stepDown()
    assert form.value().encoder.gate == 0
    assert len(told) == 10
    assert get(told[2], "encoder.gate") == 0.07
    rate = number(form, "train.learning_rate")
    for _ in range(10):
        rate.stepDown()
    assert form.value().train.learning_rate == 0.0005  # above 0, the open bound
    assert not form.rows["train.learning_rate"].parent().parent().error.text()


@pytest.mark.parametrize(("typed", "value"), [("1e-5", 1e-5), ("0,00025", 0.00025), ("12", 12.0)])
def test_small_numbers_can_be_typed(form, told, qtbot, typed, value):
    form.folds["train"].open()
    box = number(form, "train.weight_decay")
    qtbot.waitUntil(box.isVisible)
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, typed)
    assert told == []
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert form.value().train.weight_decay == value
    box.clearFocus()
    assert len(told) == 1


def test_what_is_no_number_cannot_be_typed(form, told, qtbot):
    form.show()
    for name in ("train.weight_decay", "train.epochs"):
        box = number(form, name)
        box.selectAll()
        before = box.text()
        qtbot.keyClicks(box, "nainf_x")
        assert box.text() == before
    qtbot.keyClicks(number(form, "train.epochs"), ".")
    assert told == []


>>>>>>> w-rob
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


def test_settings_go_to_a_file_and_come_back(form, told, tmp_path):
    form.set_value(NO_DEFAULT)
    form.save(tmp_path / "mine.json")
    form.set_value(Config())
    form.load(tmp_path / "mine.json")
    assert told == [NO_DEFAULT]
    assert Config.load(tmp_path / "mine.json") == NO_DEFAULT


@pytest.mark.parametrize(
    ("content", "sentence"), [("{", "Expected JSON in"), ('{"sede": 1}', "no setting sede"), (None, "No such file")]
)
def test_a_broken_file_is_one_sentence_and_changes_nothing(form, told, tmp_path, qtbot, content, sentence):
    if content is not None:
        (tmp_path / "broken.json").write_text(content)
    with qtbot.waitSignal(form.failed) as failed:
        form.load(tmp_path / "broken.json")
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
<<<<<<< HEAD
=======


def test_every_tooltip_says_meaning_default_and_bounds(form):
    tip = form.rows["loss.ema_decay"].editor.toolTip()
    for part in ("Decay of the reference graph.", "default 0.9", "at least 0", "below 1", "loss.ema_decay"):
        assert part in tip
    assert "symbol tau_c" in form.rows["cluster.tau_c"].editor.toolTip()


# Helpers


def number(form, name):
    """The spin box of a setting."""
    return form.rows[name].editor.box


def edit(editor):
    """Change the value of any editor as a person does."""
    kind = type(editor).__name__
    if kind == "NumberEditor" and editor.auto.isVisibleTo(editor):
        editor.auto.click()
    elif kind == "NumberEditor":
        editor.box.stepUp() if editor.box.value() < editor.box.high else editor.box.stepDown()
    elif kind == "PlainEditor":
        choices = editor.widget.choices if hasattr(editor.widget, "choices") else (True, False)
        editor.widget.value = next(one for one in choices if one != editor.widget.value)
    elif kind == "TextEditor":
        editor.box.setCurrentText("cuda:1")
        editor.word.editingFinished.emit()
    elif kind == "GroupEditor":
        edit(editor.parts["start"])
    else:
        editor.box.setText("5:0.5")
        editor.box.editingFinished.emit()


def shown_by(editor):
    """What an editor shows."""
    kind = type(editor).__name__
    if kind == "NumberEditor":
        return None if editor.auto.isChecked() else float(editor.box.valueFromText(editor.box.text()))
    if kind == "PlainEditor":
        return editor.widget.value
    if kind == "GroupEditor":
        return {name: shown_by(part) for name, part in editor.parts.items()}
    if kind == "WordsEditor":
        return tuple(editor.box.text().split(", ")) if editor.box.text() else ()
    text = editor.box.currentText() if kind == "TextEditor" else editor.box.text()
    return text if kind == "TextEditor" else tuple(tuple(map(float, one.split(":"))) for one in text.split(","))


def as_shown(value):
    """The value of a setting in the words of `shown_by`."""
    if isinstance(value, tuple) and not all(isinstance(one, str) for one in value):
        return tuple((float(steps), share) for steps, share in value)
    if hasattr(value, "model_dump"):
        return value.model_dump()
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def same(one, other):
    """Whether two shown values are equal; a box has 323 decimals, so that numbers at the edge of float lose a digit."""
    if isinstance(one, dict):
        return all(same(one[key], other[key]) for key in one | other)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other or (isinstance(one, float) and other < 1e-300 and math.isclose(one, other, rel_tol=1e-9))


def wheel(widget):
    """Turn the wheel over a widget, one notch down; who ignores it passes it on to the parent, as Qt does."""
    event = None
    while widget is not None and not (event and event.isAccepted()):
        centre, whole = widget.rect().center(), widget.mapToGlobal(widget.rect().center())
        event = QWheelEvent(
            QPointF(centre),
            QPointF(whole),
            QPoint(),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, event)
        widget = widget.parentWidget()


def test_the_curves_are_those_of_the_schedules():
    from napari_trsmi.gui.form.curves import courses, marks

    config = Config(gate={"start": 0.0, "shape": "linear"}, train={"epochs": 100}, cluster={"start": 0.5})
    found = courses(config, 101)
    assert found["beta"][1][[0, 50, 100]] == pytest.approx([0.5, 0.25, 0.0])
    assert found["tau_c"][0][0] == 50
    assert marks(config) == {"warm-up": 10.0, "prototypes": 50.0}
    off = Config(align={"enabled": False}, diffusion={"enabled": False}, loss={"lam_cluster": 0})
    assert courses(off) == marks(off) == {}
    assert math.isfinite(courses(Config(gate={"start": -5000.0}))["beta"][1][0])


def test_the_curves_appear_with_their_sections_and_follow_the_edits(form):
    assert form._curves is None
    form.folds["graph"].open()
    assert form._curves is None
    form.folds["gate"].open()
    curves = form._curves
    assert curves.isVisible()
    first = curves.plot.listDataItems()[0].yData[0]
    number(form, "gate.start").setValue(-2.0)
    assert first == pytest.approx(1 / (1 + math.exp(-2)))
    assert curves.plot.listDataItems()[0].yData[0] == pytest.approx(1 / (1 + math.exp(2)))
    form.folds["gate"].open(False)
    assert not curves.isVisible()


def test_the_curves_follow_the_theme(viewer, qtbot):
    form = ConfigForm()
    viewer.window.add_dock_widget(form, area="right")
    form.folds["gate"].open()
    curves = form._curves
    for theme, dark in (("light", False), ("dark", True)):
        viewer.theme = theme
        qtbot.waitUntil(lambda dark=dark: (curves.plot.backgroundBrush().color().lightness() < 128) == dark)
        pen = curves.plot.listDataItems()[0].opts["pen"].color()
        paper = curves.plot.backgroundBrush().color()
        assert abs(pen.lightness() - paper.lightness()) > 60
>>>>>>> w-rob
