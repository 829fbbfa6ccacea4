"""Groups of spots by name: what is said where there is no such thing."""

from __future__ import annotations

import pytest

import napari_trsmi as nt
from napari_trsmi.answers.groups import group_of
from napari_trsmi.errors import DataError


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("nope=1", r"a column of obs such as .*domain.*, found 'nope'"),
        ("domain=nope", "a value of domain such as layer 1"),
        ("nope", "spots as domain:NAME, .* or COLUMN=VALUE, found 'nope'"),
    ],
)
def test_what_is_not_there_is_named(where, said):
    with pytest.raises(DataError, match=said):
        group_of(where, nt.read(nt.sample_path()))
