"""From the command line to domains on the real files, where they are."""

from __future__ import annotations

import json

import pytest

import napari_trsmi as nt
from napari_trsmi.cli import main

pytestmark = pytest.mark.slow
QUIETLY = ["--evidence.no-support", "-q"]


def test_a_simulated_pair_of_modalities_is_recovered(shared_data, tmp_path, capsys):
    out = tmp_path / "x.h5mu"
    words = ["--cluster.n-domains", "5", *QUIETLY]
    assert main(["fit", str(shared_data / "sim_rna_adt.h5mu"), "-o", str(out), *words]) == 0
    capsys.readouterr()
    assert main(["score", str(out), "--truth", "gt", "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert scores["agreement"]["ARI"] > 0.9
    assert scores["boundaries"]["f1"] > 0.8


def test_a_space_ranger_folder_becomes_a_table_with_domains(shared_data, tmp_path):
    out = tmp_path / "x.h5ad"
    words = ["--train.epochs", "1", "--cluster.n-domains", "4", "--cluster.n-init", "1", *QUIETLY]
    assert main(["fit", str(shared_data / "visium_mouse"), "-o", str(out), *words]) == 0
    assert len(nt.read_result(out).labels) == 2898
    assert out.with_suffix(".png").stat().st_size > 100_000
