"""What a sweep tries: the values of one or two settings, and seeds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from napari_trsmi.config import Config
from napari_trsmi.errors import ConfigError

FIXED = ("seed", "device", "threads", "train.preview_every", "train.checkpoint_every")  # not what a sweep asks about


@dataclass(frozen=True)
class Trial:
    """One run that a sweep plans.

    Attributes
    ----------
    key
        The same for the same data, settings and version of this package, and for nothing else.
    setting
        Position in `Grid.settings`.
    config
        All settings of the run, its seed among them; `api.fit` with it gives the same labels.
    """

    key: str
    setting: int
    config: Config


@dataclass(frozen=True)
class Grid:
    """The values of at most two settings, all combined, each with the same seeds.

    Attributes
    ----------
    fields
        {dotted name: values}; none asks about seeds alone.
    seeds
        How many, counted up from the config's own, or which.

    Raises
    ------
    ConfigError
        More than two fields, no value or the same one twice, no seed or a negative one. What the values themselves are
        is checked by `trials`.

    Examples
    --------
    >>> grid = Grid({"cluster.n_domains": [5, 7]}, seeds=2)
    >>> [(t.config.cluster.n_domains, t.config.seed) for t in grid.trials(Config())]
    [(5, 0), (5, 1), (7, 0), (7, 1)]
    """

    fields: Mapping[str, Sequence[Any]]
    seeds: int | Sequence[int] = 1

    def __post_init__(self) -> None:
        fields = {name: tuple(values) for name, values in self.fields.items()}
        seeds = self.seeds if isinstance(self.seeds, int) else tuple(self.seeds)
        if len(fields) > 2:
            raise ConfigError(f"Expected at most two settings to sweep over, found {', '.join(fields)}. Name fewer.")
        for name, values in fields.items():
            if name in FIXED:
                raise ConfigError(f"Expected a setting of the method to try, found {name}. Seeds are given apart.")
            if not values:
                raise ConfigError(f"Expected values of {name}, found none. Give at least one.")
            if len({repr(value) for value in values}) < len(values):
                raise ConfigError(f"Expected different values of {name}, found {_listed(values)}. Remove repeats.")
        given = range(seeds) if isinstance(seeds, int) else seeds
        if not given or len(set(given)) < len(given) or min(given) < 0:
            raise ConfigError(f"Expected one or more different seeds of 0 or more, found {self.seeds!r}. Change them.")
        object.__setattr__(self, "fields", fields)
        object.__setattr__(self, "seeds", seeds)

    @property
    def settings(self) -> tuple[tuple[Any, ...], ...]:
        """Every combination of values, those of the last field changing fastest."""
        return tuple(product(*self.fields.values()))

    @property
    def names(self) -> tuple[str, ...]:
        """One name per setting, such as ``"cluster.n_domains=5, graph.k_feature=10"``."""
        return tuple(
            ", ".join(f"{name}={shown(value)}" for name, value in zip(self.fields, values, strict=True))
            or "all settings as given"
            for values in self.settings
        )

    def seeds_of(self, config: Config) -> tuple[int, ...]:
        """Return the seeds of a sweep around `config`."""
        return tuple(range(config.seed, config.seed + self.seeds) if isinstance(self.seeds, int) else self.seeds)

    def trials(self, config: Config, data: str = "") -> tuple[Trial, ...]:
        """Return every run, setting by setting and seed by seed.

        Parameters
        ----------
        config
            What the runs have in common. Where `threads` is left open they get one each: so many are run side by side
            as there are cores, and what a run finds does not depend on that number.
        data
            What tells the data, and this version of the method, from others: see `store.identity`.

        Raises
        ------
        ConfigError
            There is no such setting, or a combination of values is not allowed.
        """
        common = config.model_dump()
        common["threads"] = config.threads or 1
        common["train"] |= {"preview_every": 0, "checkpoint_every": 0}
        found = []
        for setting, values in enumerate(self.settings):
            chosen = common
            for name, value in zip(self.fields, values, strict=True):
                chosen = _with(chosen, name, name.split("."), value)
            for seed in self.seeds_of(config):
                one = Config(**{**chosen, "seed": seed})
                found.append(Trial(_key(one, data), setting, one))
        if len({trial.key for trial in found}) < len(found):
            raise ConfigError(f"Expected values that make a difference, found {_listed(self.names)}. Change them.")
        return tuple(found)

    def setting_of(self, config: Config) -> int | None:
        """Return the position of the setting that has the values of `config`, or None where there is none."""
        own = [_value(config, name) for name in self.fields]
        for trial in Grid(self.fields, (0,)).trials(config):
            if [_value(trial.config, name) for name in self.fields] == own:
                return trial.setting
        return None

    def neighbours(self, setting: int) -> list[int]:
        """Return the positions of the settings one value away, in the order in which the values were given."""
        shape = [len(values) for values in self.fields.values()]
        place = list(product(*map(range, shape)))
        return [
            other
            for other, where in enumerate(place)
            if sum(abs(a - b) for a, b in zip(where, place[setting], strict=True)) == 1
        ]


def parse_field(text: str) -> tuple[str, tuple[Any, ...]]:
    """Return name and values of a word such as ``cluster.n_domains=5,7,9``: JSON, ``unset``, or words.

    Raises
    ------
    ConfigError
        The word is none of that form.

    Examples
    --------
    >>> parse_field("cluster.domain_scale=unset,4")
    ('cluster.domain_scale', (None, 4))
    >>> parse_field("cluster.method=mixture,kmeans")
    ('cluster.method', ('mixture', 'kmeans'))
    >>> parse_field("diffusion.scales=[[2,0.2]],[[4,0.1],[8,0.1]]")
    ('diffusion.scales', ([[2, 0.2]], [[4, 0.1], [8, 0.1]]))
    """
    name, equals, values = text.partition("=")
    if not (name and equals and values):
        raise ConfigError(f"Expected a setting with its values, such as cluster.n_domains=5,7,9, found {text!r}.")
    try:
        return name, tuple(json.loads(f"[{values}]"))
    except ValueError:
        return name, tuple(_read(word.strip()) for word in values.split(","))


def shown(value: Any) -> str:
    """Return a value as people write it: ``unset`` for None, JSON for what is no single word."""
    if value is None:
        return "unset"
    return value if isinstance(value, str) else json.dumps(value, default=lambda model: model.model_dump())


def _value(config: Config, name: str) -> Any:
    value: Any = config
    for part in name.split("."):
        value = getattr(value, part)
    return value


def _with(values: dict[str, Any], name: str, path: list[str], value: Any) -> dict[str, Any]:
    """Return a copy of nested `values` with the one at `path` replaced."""
    first, *rest = path
    if first not in values or (rest and not isinstance(values[first], dict)):
        raise ConfigError(f"Expected the name of a setting, found {name!r}. `trsmi fit --help` lists them.")
    return {**values, first: _with(values[first], name, rest, value) if rest else value}


def _key(config: Config, data: str) -> str:
    told = [data, config.model_dump(mode="json")]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(map(shown, values))


def _read(word: str) -> Any:
    if word in ("unset", "None", "none"):
        return None
    try:
        return json.loads(word)
    except ValueError:
        return word
