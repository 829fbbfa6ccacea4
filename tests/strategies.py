"""Hypothesis strategies for all rooms: configurations, spots, graphs, labels."""

from __future__ import annotations

import types
import typing
from typing import Any, Literal

import numpy as np
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from scipy import sparse

from napari_trsmi.config import Config, Constraint

MODALITIES = st.sampled_from(["rna", "adt", "atac", "H3K27ac"])
SCALES = st.lists(st.tuples(st.integers(0, 12), st.floats(0, 1)), min_size=1, max_size=4).map(tuple)


@st.composite
def _constraints(draw: st.DrawFn) -> tuple[Constraint, ...]:
    """Up to three constraints on a few spots."""
    names = [f"spot{k}" for k in range(6)]
    found = []
    for kind in draw(st.lists(st.sampled_from(["together", "apart", "belong"]), max_size=3)):
        order, cut = draw(st.permutations(names)), draw(st.integers(1, 4))
        sides = (order[: cut + 1], ()) if kind == "together" else (order[:cut], order[cut:])
        epochs = {"start": draw(st.integers(0, 99)), "until": draw(st.none() | st.integers(0, 99))}
        found.append(Constraint(kind=kind, spots=sides[0], others=sides[1], **epochs))
    return tuple(found)


CONSTRAINTS = _constraints()


def configs() -> st.SearchStrategy[Config]:
    """Configs with any values that their bounds allow; new settings are covered without a change here."""
    return sections(Config)


def sections(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    """Instances of one section of the settings."""
    hints = typing.get_type_hints(model)
    values = {name: _values(name, hints[name], info) for name, info in model.model_fields.items()}
    allowed = st.fixed_dictionaries({}, optional=values).filter(_one_graph_counts)
    return allowed.map(lambda given: model(**given))


def _one_graph_counts(given: dict[str, Any]) -> bool:
    """Whether settings of graphs, if they are some, leave one of the two its weight."""
    return given.get("w_spatial", 1.0) > 0 or given.get("w_feature", 0.1) > 0


def _values(name: str, hint: Any, info: FieldInfo) -> st.SearchStrategy[Any]:
    if name == "scales":
        return SCALES
    if name == "constraints":
        return CONSTRAINTS
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (types.UnionType, typing.Union):
        return st.one_of(*(_values(name, argument, info) for argument in arguments))
    if origin is tuple:
        return st.lists(MODALITIES, unique=True).map(tuple)
    if origin is dict:
        return st.dictionaries(MODALITIES, _values(name, arguments[1], info), max_size=3)
    if hint is type(None):
        return st.none()
    if hint is bool:
        return st.booleans()
    if hint is str:
        return st.sampled_from(["auto", "cpu", "cuda:0"])
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return sections(hint)
    bound = {key: getattr(one, key) for one in info.metadata for key in ("ge", "gt", "le", "lt") if hasattr(one, key)}
    low, high = bound.get("ge", bound.get("gt", 0)), bound.get("le", bound.get("lt", 10_000))
    if hint is int:
        return st.integers(int(low) + ("gt" in bound), int(high) - ("lt" in bound))
    assert hint is float, f"no strategy for {name}: {hint}"
    return st.floats(low, high, exclude_min="gt" in bound, exclude_max="lt" in bound, allow_subnormal=False)


@st.composite
def graphs(draw: st.DrawFn, min_spots: int = 2, max_spots: int = 12) -> sparse.csr_matrix:
    """Symmetric non-negative (N, N) CSR float32 graphs without self-loops, some spots without neighbours."""
    n = draw(st.integers(min_spots, max_spots))
    pairs = [(i, j) for i in range(n) for j in range(i)]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True))
    weights = draw(st.lists(st.floats(0.125, 4, width=32), min_size=len(edges), max_size=len(edges)))
    rows, columns = np.array(edges, int).reshape(-1, 2).T
    half = sparse.coo_matrix((np.array(weights, np.float32), (rows, columns)), shape=(n, n))
    return (half + half.T).tocsr()


@st.composite
def labels_and_domains(draw: st.DrawFn, max_spots: int = 40) -> tuple[np.ndarray, int]:
    """(N,) labels 0..K-1, each used, and K."""
    k = draw(st.integers(1, 6))
    rest = draw(st.lists(st.integers(0, k - 1), max_size=max_spots - k))
    return np.array(draw(st.permutations([*range(k), *rest]))), k
