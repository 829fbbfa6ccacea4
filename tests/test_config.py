"""Settings: the way to JSON and back, bounds, and what is said about mistakes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from pydantic import BaseModel
from strategies import configs

from napari_trsmi.config import Config
from napari_trsmi.errors import ConfigError, TrsmiError
from napari_trsmi.settings import Schedule, Settings


@settings(max_examples=100)
@given(configs())
def test_any_config_survives_json(config):
    again = Config.from_json(config.to_json())
    assert again == config
    assert again.to_json() == config.to_json()
    assert json.loads(config.to_json())["seed"] == config.seed


def test_a_config_is_loaded_from_a_bare_file_and_from_the_record_of_a_run(tmp_path):
    config = Config(seed=4, cluster={"n_domains": 9}, diffusion={"scales": ((3, 0.25),)})
    (tmp_path / "bare.json").write_text(config.to_json())
    (tmp_path / "run.json").write_text(json.dumps({"versions": {}, "config": config.model_dump(mode="json")}))
    assert Config.load(tmp_path / "bare.json") == config
    assert Config.load(str(tmp_path / "run.json")) == config


def test_a_missing_setting_in_a_file_takes_its_default():
    assert Config.from_json('{"train": {"epochs": 7}}') == Config(train={"epochs": 7})
    assert Config.from_json("{}") == Config()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "Expected a readable JSON file of settings"),
        ("epochs = 3", "Expected JSON in"),
        ('{"train": {"epoch": 3}}', r"There is no setting train\.epoch"),
        ('{"config": {"train": {"epochs": -3}}}', r"train\.epochs: .*greater than or equal to 0, found -3"),
        ("[1, 2]", "config: .*"),
    ],
)
def test_files_that_hold_no_settings_are_explained(tmp_path, content, message):
    path = tmp_path / "settings.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=message):
        Config.load(path)


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"graph": {"k_feature": 0}}, r"graph\.k_feature: .* found 0\."),
        ({"refine": {"gate": 1.5}}, r"refine\.gate: .* found 1\.5\."),
        ({"gate": {"shape": "wavy"}}, r"gate\.shape: .*'cosine'.* found 'wavy'\."),
        ({"align": {"temperature": {"start": 0.0}}}, r"align\.temperature\.start: .* found 0\.0\."),
        ({"diffusion": {"scales": ((2, 1.5),)}}, r"teleport in \[0, 1\] in diffusion\.scales, found \(2, 1\.5\)"),
        ({"diffusion": {"scales": ()}}, "at least one .* in diffusion.scales, found none"),
        ({"graph": {"w_spatial": 0, "w_feature": 0.0}}, r"Expected graph\.w_spatial or graph\.w_feature above 0"),
        ({"neurons": 3}, "There is no setting neurons"),
        ({"seed": -1}, "seed: .* found -1"),
        ({"loss": {"modality_weights": {"rna": "heavy"}}}, r"loss\.modality_weights\.rna: .* found 'heavy'\."),
    ],
    ids=str,
)
def test_a_value_that_cannot_be_is_named_with_what_was_found(given_, message):
    with pytest.raises(ConfigError, match=message):
        Config(**given_)
    with pytest.raises(ConfigError, match=message):
        Config.from_json(json.dumps(given_))


def test_all_mistakes_are_named_at_once():
    with pytest.raises(ConfigError, match=r"There is no setting align\.tau.* train\.epochs: ") as caught:
        Config(train={"epochs": -1}, align={"tau": 3})
    assert isinstance(caught.value, TrsmiError)
    assert not isinstance(caught.value, RuntimeError)


def test_diffusion_without_scales_is_fine_when_it_is_off():
    assert Config(diffusion={"enabled": False, "scales": ()}).diffusion.scales == ()


def test_a_config_cannot_be_changed():
    config = Config()
    with pytest.raises(Exception, match="frozen"):
        config.seed = 3
    with pytest.raises(Exception, match="frozen"):
        config.train.epochs = 3


def test_configs_do_not_share_what_can_be_changed():
    assert Config().loss.modality_weights is not Config().loss.modality_weights


def every_field(model: type[BaseModel], path: str = ""):
    for name, info in model.model_fields.items():
        inner = info.annotation
        if isinstance(inner, type) and issubclass(inner, Settings) and inner is not Schedule:
            yield from every_field(inner, f"{path}{name}.")
        else:
            yield f"{path}{name}", info


@pytest.mark.parametrize(
    ("name", "info"), list(every_field(Config)), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_setting_says_what_it_is_in_a_sentence(name, info):
    assert info.description, name
    text = info.json_schema_extra["help"]
    assert text[0].isupper() or text.startswith("cpu"), name
    assert text.endswith("."), name
    assert not info.is_required(), name


def test_bounds_reach_the_schema():
    schema = Config.model_json_schema()["$defs"]
    assert schema["Refine"]["properties"]["gate"]["minimum"] == 0
    assert schema["Refine"]["properties"]["gate"]["maximum"] == 1
    assert schema["Refine"]["properties"]["gate"]["symbol"] == "alpha_loc"
    assert schema["Train"]["properties"]["learning_rate"]["exclusiveMinimum"] == 0


@pytest.mark.parametrize(
    "values",
    [
        {"seed": -1},
        {"seed": 2**31},
        {"seed": 10**30},
        {"threads": 10**6},
        {"train": {"learning_rate": float("inf")}},
        {"loss": {"lam_graph": float("nan")}},
        {"gate": {"start": float("-inf")}},
        {"align": {"temperature": {"start": float("inf")}}},
        {"loss": {"modality_weights": {"rna": float("nan")}}},
        {"diffusion": {"scales": [[2, float("nan")]]}},
    ],
)
def test_numbers_that_no_run_can_use_are_refused(values):
    with pytest.raises(ConfigError, match="found"):
        Config(**values)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00\x01",
        b"[" * 200_000,
        b'{"config": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"config": {"seed": ' + b"9" * 5000 + b"}}",
        b"null",
        b"[]",
        b'"text"',
        b'{"config": 3}',
        b'{"config": {"cluster": []}}',
        b'{"seed": NaN}',
        b'{"config": {"' + b"a" * 100_000 + b'": 1}}',
    ],
)
def test_settings_in_a_file_of_another_kind_are_refused_in_a_short_sentence(tmp_path, content):
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        Config.load(path)
    assert len(str(refused.value)) < 600
