"""Modules and parameters by the names of modalities, whatever those are."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from torch import Tensor, nn


class Named(nn.Module):
    """Modules or parameters under any keys, in the order given.

    torch's own dictionaries refuse dots and the names of their methods, such as ``"type"``; here torch knows each entry
    by its place: "0", "1", ...

    Attributes
    ----------
    places
        {key: name by which torch knows the entry}.
    """

    def __init__(self, entries: Mapping[Any, nn.Module | nn.Parameter]) -> None:
        super().__init__()
        self.places: dict[Hashable, str] = {key: str(place) for place, key in enumerate(entries)}
        for place, entry in enumerate(entries.values()):
            setattr(self, str(place), entry)

    def __getitem__(self, key: Hashable) -> Any:
        return getattr(self, self.places[key])

    def __len__(self) -> int:
        return len(self.places)


def by_place(weights: Mapping[str, Tensor], network: nn.Module) -> dict[str, Tensor]:
    """Return the weights of `network` in a state of version 2, which has modalities' names where now places are."""
    return {now: weights[then] for then, now in _names(weights, network).items()}


def in_order(optimizer: dict[str, Any], weights: Mapping[str, Tensor], network: nn.Module) -> dict[str, Any]:
    """Return the state of an optimiser of version 2, where torch had sorted some parameters by their names."""
    order = {name: place for place, (name, _) in enumerate(network.named_parameters())}
    then = [name for name in _names(weights, network).values() if name in order]
    places = {place: order[name] for place, name in enumerate(then)}
    return {**optimizer, "state": {places.get(place, place): one for place, one in optimizer["state"].items()}}


def _names(weights: Mapping[str, Tensor], network: nn.Module) -> dict[str, str]:
    """Return {name in a state of version 2: name now} in the order of the state."""
    found = {name: name for name in weights}
    for path, part in network.named_modules():
        if not isinstance(part, Named):
            continue
        for key, place in part.places.items():
            old = f"{path}.{key if isinstance(key, str) else '|'.join(key)}"  # type: ignore[arg-type]
            for name in weights:
                if name == old or name.startswith(f"{old}."):
                    found[name] = f"{path}.{place}{name.removeprefix(old)}"
    return found
