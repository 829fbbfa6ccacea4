"""What can be chosen as a group of spots: domains, sides of the selected boundary, sections, values of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from napari_trsmi.answers.composed import categorical_columns

if TYPE_CHECKING:
    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result
    from napari_trsmi.gui.session.session import Session
    from napari_trsmi.gui.session.state import Coloring

DOMAIN, SIDE, SECTION, REST = "Domain", "Side of the boundary", "Section", "The rest"
_COLUMN = "column "  # what tells a column from what has its name
_OURS = {DOMAIN.casefold(), SIDE.casefold(), SECTION.casefold(), REST.casefold()}


class Choice(NamedTuple):
    """One group: what a person reads, and how `answers.group_of` knows it."""

    text: str
    where: str


def choices_of(session: Session, rest: bool = False) -> dict[str, list[Choice]]:
    """Return {kind: groups of that kind} of the open section, one's own columns before those of the file.

    Parameters
    ----------
    rest
        Offer all other spots as well.
    """
    section, result = session.section, session.result
    found: dict[str, list[Choice]] = {REST: [Choice("All other spots", "rest")]} if rest else {}
    if section is None:
        return found
    dataset = section.dataset
    if result is not None:
        found[DOMAIN] = [Choice(name, f"domain:{name}") for name in result.names]
    if sides := sides_of(session):
        found[SIDE] = list(sides)
    if dataset.parts:
        found[SECTION] = [Choice(name, f"section:{name}") for name in dataset.section_names]
    own = [name for name in session.annotations.names if name in dataset.obs]
    for column in dict.fromkeys([*own, *categorical_columns(dataset)]):
        values = dataset.obs[column].dropna().astype(str)
        kind = f"{_COLUMN}{column}" if column.casefold() in _OURS else column
        found[kind] = [Choice(value, f"{column}={value}") for value in sorted(values.unique(), key=_natural)]
    return {kind: groups for kind, groups in found.items() if groups}


def kinds_of(choices: dict[str, list[Choice]]) -> list[Choice]:
    """Return the kinds, as a person reads them: a column says so only beside what else has its name."""
    ours = {kind.casefold() for kind in choices}
    plain = {kind: kind.removeprefix(_COLUMN) for kind in choices}
    alone = {kind for kind, name in plain.items() if name.casefold() in _OURS - ours}
    return [Choice(plain[kind] if kind in alone else kind, kind) for kind in choices]


def sides_of(session: Session) -> tuple[Choice, Choice] | None:
    """Return the two sides of the selected boundary."""
    result, segment = session.result, session.boundary
    if result is None or result.boundaries is None or segment is None or segment >= len(result.boundaries):
        return None
    row = result.boundaries.iloc[segment]
    a, b = (result.names[int(row[column])] for column in ("domain_a", "domain_b"))
    return Choice(f"{a}, beside {b}", f"boundary:{segment}:{a}"), Choice(f"{b}, beside {a}", f"boundary:{segment}:{b}")


def groups_coloring(a: str, b: str, dataset: Dataset, result: Result | None, section: str | None) -> Coloring:
    """Return the spots coloured by two groups, those in both or none without a colour.

    Parameters
    ----------
    a, b
        As in a `Choice`; `b` may be all others.
    section
        The section of a study that they are taken from; None for all.

    Raises
    ------
    DataError
        There is no such group.
    """
    import numpy as np

    from napari_trsmi.answers.figures import COLORS
    from napari_trsmi.answers.groups import group_of, rest_of, within
    from napari_trsmi.gui.session.state import Coloring

    first = group_of(a, dataset, result)
    second = rest_of(first) if b == "rest" else group_of(b, dataset, result)
    if section is not None:
        first, second = (within(group, dataset, section) for group in (first, second))
    one, other = first.spots, second.spots
    codes = np.where(one & ~other, 0, np.where(other & ~one, 1, -1))
    return Coloring("A and B", codes, colors=COLORS, names=(f"A: {first.name}", f"B: {second.name}"))


def _natural(text: str) -> tuple[int, float | str]:
    """Numbers in their order, before words."""
    try:
        return 0, float(text)
    except ValueError:
        return 1, text
