"""Domains of spots that counted hardly anything are told, tissue of less RNA is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from napari_trsmi.api import fit
from napari_trsmi.config import Config
from napari_trsmi.data.simulate import hard_settings, simulate_dataset
from napari_trsmi.evidence.shallow import shallow_domains
from napari_trsmi.summary import technical

LABELS = np.repeat([0, 1, 2], [60, 25, 15])
NAMES = ("1", "2", "bubble")


def depth(*shares):
    noise = 0.1 * np.random.default_rng(0).normal(size=100)
    return np.log(1000.0 * np.repeat(shares, [60, 25, 15])) + noise


def test_domains_of_hardly_any_counts_are_told_once_for_all_modalities():
    (said,) = shallow_domains(LABELS, NAMES, {"rna": depth(1, 1, 0.01), "adt": depth(1, 0.8, 0.05)})
    assert said.startswith("Domain bubble has at most ")
    assert "% of the usual counts of rna and " in said
    assert "(15 spots)" in said


def test_several_domains_are_named_together():
    (said,) = shallow_domains(LABELS, NAMES, {"rna": depth(1, 0.04, 0.01)})
    assert said.startswith("Domains 2 and bubble have at most ")
    assert "(40 spots)" in said


def test_tissue_with_less_rna_is_not_told():
    assert shallow_domains(LABELS, NAMES, {"rna": depth(1, 0.5, 0.2)}) == []


def test_spots_that_were_not_measured_do_not_count():
    lacks = depth(1, 1, 1)
    lacks[LABELS == 2] = np.nan
    assert shallow_domains(LABELS, NAMES, {"rna": lacks}) == []


def test_a_section_of_less_depth_is_compared_with_itself():
    section = (LABELS > 0).astype(int)
    values = {"rna": depth(1, 0.02, 0.02)}
    assert shallow_domains(LABELS, NAMES, values, section) == []
    assert len(shallow_domains(LABELS, NAMES, values)) == 1


def test_a_run_tells_of_a_bubble():
    dataset = simulate_dataset(hard_settings("clean", n_genes=100, n_spots=400, modalities=("rna",)))
    away = np.linalg.norm(dataset.coords - dataset.coords.mean(axis=0), axis=1)
    rna, rng = dataset.modalities["rna"], np.random.default_rng(0)
    table = rna.table.copy()
    share = np.where(away < np.quantile(away, 0.15), 0.01, 1.0)
    table.X = sparse.csr_matrix(rng.binomial(table.X.toarray().astype(int), share[:, None]).astype(np.float32))
    bubble = replace(dataset, modalities={"rna": replace(rna, table=table)})
    config = Config(cluster={"n_domains": 6, "n_init": 2}, train={"epochs": 2, "preview_every": 0})
    assert any("of the usual counts of rna" in said for said in technical(fit(bubble, config)))
    assert not any("of the usual counts of rna" in said for said in technical(fit(dataset, config)))
