"""Settings may be a plain dict, as they stand in the JSON of a run."""

from __future__ import annotations

import numpy as np
import pytest
from short_run import settings, small_slice

import napari_trsmi as nt
from napari_trsmi.errors import ConfigError, DataError


def test_settings_may_be_a_plain_dict():
    as_dict = settings().model_dump(mode="json", exclude_defaults=True)
    found, other = (nt.fit(small_slice(), given) for given in (settings(), as_dict))
    np.testing.assert_array_equal(found.labels, other.labels)
    assert other.config == settings()
    assert next(nt.fit_steps(small_slice(), {"train": {"epochs": 2}})).epoch == 1


@pytest.mark.parametrize("given", [{"cluster": {"n_domain": 4}}, {"epochs": 3}, {1: 2}, [("seed", 1)], "fast", 7])
def test_settings_that_are_none_are_a_sentence(given):
    with pytest.raises(ConfigError):
        nt.fit(small_slice(), given)


@pytest.mark.parametrize("kind", [dict, list])
def test_tables_in_a_dict_or_a_list_are_told_where_they_belong(kind):
    tables = small_slice().mod
    with pytest.raises(DataError, match="put the tables of one section into a MuData"):
        nt.fit(dict(tables) if kind is dict else list(tables.values()))
