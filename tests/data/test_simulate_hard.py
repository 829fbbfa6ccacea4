import numpy as np
import pytest

from napari_trsmi.data.simulate import hard_panel, hard_settings, simulate
from napari_trsmi.errors import ConfigError


@pytest.mark.parametrize("name", hard_panel())
def test_every_kind_makes_a_slice_with_its_truth(name):
    settings = hard_settings(name, n_spots=200, n_peaks=40)
    mdata = simulate(settings)
    assert mdata.n_obs == 200
    assert list(mdata.mod) == list(settings.modalities)
    assert len(mdata.obs["domain"].cat.categories) == settings.n_domains
    assert ("technical" in mdata.obs) == (settings.batch_line > 0)
    assert ("cell_type" in mdata.obs) == (settings.cell_types > 0)


def test_the_panel_is_small_and_goes_from_three_to_fifteen_domains():
    panel = [hard_settings(name) for name in hard_panel()]
    assert all(1500 <= settings.n_spots <= 2500 for settings in panel)
    domains = {settings.n_domains for settings in panel}
    assert (min(domains), max(domains)) == (3, 15)
    assert (hard_panel()[0], hard_panel()[-1]) == ("clean", "everything")


def test_another_seed_draws_another_slice_of_the_kind():
    lines = [
        simulate(hard_settings("batch_line", n_spots=200, seed=seed)).obs["technical"].cat.codes.to_numpy()
        for seed in (0, 1)
    ]
    assert not np.array_equal(*lines)


def test_an_unknown_kind_lists_those_there_are():
    with pytest.raises(ConfigError, match=r"clean, gradient.*found impossible"):
        hard_settings("impossible")
