"""What the form knows of a setting, read off the models: no setting is listed by hand. No Qt here."""

from __future__ import annotations

import html
import types
import typing
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo

from napari_trsmi.config import Config
from napari_trsmi.gui.form.labels import TITLES, label
from napari_trsmi.settings import Schedule, Settings


@dataclass(frozen=True)
class Spec:
    """One setting.

    Attributes
    ----------
    name
        Dotted name, as in the JSON file: ``"graph.k_spatial"``.
    hint
        Its type, without None.
    optional
        True where None ("auto") is allowed.
    default
        Value of an untouched form.
    bounds
        Those of ge, gt, le, lt that are set.
    help, unit, symbol, step
        As stated in `config`.
    """

    name: str
    hint: Any
    optional: bool
    default: Any
    bounds: dict[str, float]
    help: str = ""
    unit: str = ""
    symbol: str = ""
    step: float | None = None

    @property
    def section(self) -> str:
        """Name of the section; "" for the settings of the run itself."""
        return self.name.rpartition(".")[0]

    @property
    def label(self) -> str:
        """What a person reads."""
        return label(self.name)

    @property
    def by_modality(self) -> bool:
        """True where the setting says something of each modality by its name."""
        return self.name == "preprocess.modalities" or typing.get_origin(self.hint) is dict

    @property
    def by_section(self) -> bool:
        """True where the setting names what only some sections have: modalities, or columns of obs."""
        return self.by_modality or self.hint == tuple[str, ...]

    @property
    def tooltip(self) -> str:
        """Meaning, symbol, default, bounds and name, as HTML that wraps."""
        words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
        facts = [f"symbol {self.symbol}"] if self.symbol else []
        facts.append(f"default {shown(self.default)} {self.unit}".strip())
        facts += [f"{words[key]} {shown(bound)}" for key, bound in self.bounds.items()]
        first, rest = html.escape(self.help), html.escape(" · ".join(facts))
        return f"<qt>{first}<br>{rest}<br><code>{self.name}</code></qt>"

    def matches(self, text: str) -> bool:
        """Return whether all words of `text` are found in the label, the name, the help or the symbol."""
        place = f"{self.label} {self.name} {self.help} {self.symbol} {TITLES.get(self.section, '')}".lower()
        return all(word in place for word in text.lower().split())


def specs(model: type[Settings], prefix: str = "") -> list[Spec]:
    """Return the settings of a section in the order of the model."""
    hints = typing.get_type_hints(model)
    return [_spec(f"{prefix}{name}", hints[name], info) for name, info in model.model_fields.items()]


def sections() -> dict[str, tuple[str, list[Spec]]]:
    """Return {name: (title, settings)} in the order of the form; the name of the run's own settings is ""."""
    run: list[Spec] = []
    found = {"": ("Run", run)}
    hints = typing.get_type_hints(Config)
    for name, info in Config.model_fields.items():
        if name == "constraints":  # made by hand on the canvas
            continue
        if isinstance(hints[name], type) and issubclass(hints[name], Settings):
            found[name] = (TITLES.get(name, label(name)), specs(hints[name], f"{name}."))
        else:
            run.append(_spec(name, hints[name], info))
    order = list(TITLES)
    return dict(sorted(found.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order)))


def get(config: Config, name: str) -> Any:
    """Return the setting of that dotted name."""
    value: Any = config
    for part in name.split("."):
        value = getattr(value, part)
    return value


def changed(config: Config, changes: dict[str, Any]) -> Config:
    """Return `config` with some settings changed, by dotted name.

    Raises
    ------
    ConfigError
        A value is out of bounds, or does not go with another.
    """
    values = config.model_dump()
    for name, value in changes.items():
        section, _, field = name.rpartition(".")
        (values[section] if section else values)[field] = value
    return Config(**values)


def shown(value: Any) -> str:
    """Return a value as a person writes it.

    Examples
    --------
    >>> shown(None), shown(1e-5), shown(0.30), shown(True), shown(()), shown(3000)
    ('auto', '1e-05', '0.3', 'on', 'none', '3000')
    """
    if value is None:
        return "auto"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, Schedule):
        return f"{number(value.start)} to {number(value.end)}, {value.shape}"
    if isinstance(value, tuple | dict) and not value:
        return "none"
    if isinstance(value, tuple):
        return ", ".join(":".join(map(shown, one)) if isinstance(one, tuple) else shown(one) for one in value)
    return str(value)


def number(value: float) -> str:
    """Return the shortest text that is exactly this number.

    Examples
    --------
    >>> number(10000.0), number(0.1 + 0.2)
    ('10000', '0.30000000000000004')
    """
    short = f"{value:g}"
    return short if float(short) == value else repr(value).removesuffix(".0")


def _spec(name: str, hint: Any, info: FieldInfo) -> Spec:
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    extra: dict[str, Any] = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    return Spec(
        name=name,
        hint=next(kind for kind in kinds if kind is not types.NoneType),
        optional=types.NoneType in kinds,
        default=info.get_default(call_default_factory=True),
        bounds={key: getattr(m, key) for key in ("ge", "gt", "le", "lt") for m in info.metadata if hasattr(m, key)},
        **{key: extra[key] for key in ("help", "unit", "symbol", "step") if key in extra},
    )
