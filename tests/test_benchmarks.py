"""The benchmark scripts on a section so small that they take seconds: that they run, and that they count right."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from benchmark_scripts import FOLDER, scripts

import napari_trsmi as nt
from napari_trsmi.data.simulate import simulate
from napari_trsmi.data.tables import mudata_as_stored
from napari_trsmi.stages import prepare

MODULES = (
    "datasets",
    "runs",
    "tables",
    "trivial",
    "measure",
    "quality",
    "ablation",
    "speed",
    "neighbours",
    "scaling",
    "trust",
    "million",
)


@pytest.fixture(scope="module")
def bench() -> Iterator[dict[str, ModuleType]]:
    """The scripts by name."""
    with scripts(*MODULES) as found:
        yield found


@pytest.fixture(scope="module")
def tiny(bench: dict[str, ModuleType], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Name of a file of 150 spots with 3 domains, known to the scripts."""
    path = tmp_path_factory.mktemp("bench") / "tiny.h5mu"
    with mudata_as_stored():
        simulate(n_spots=150, n_genes=60, n_proteins=12, n_domains=3, image=0).write(path)
    views = {"but layer 1": ("layer 1",), "all": ()}
    targets = {("all", "ARI"): 0.0, ("all", "NMI"): 101.0}
    case = bench["datasets"].Case("tiny", str(path), 3, "domain", views=views, targets=targets, peers="there")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench["datasets"], "CASES", (case,))
        yield case.name


@pytest.fixture
def peers(tmp_path: Path) -> Path:
    """A table of measured peers."""
    path = tmp_path / "peers.csv"
    rows = ["dataset,method,clustering,runs,ARI,NMI,AMI,Overall,bF1,PAS,Moran"]
    for method, clustering, ari in (("other", "gmm", 10), ("other", "leiden", 30), ("smooth_h1", "gmm_noL2", 41)):
        rows.append(f"there,{method},{clustering},2,{ari},50,50,50,50,50,50")
    path.write_text("\n".join(rows))
    return path


@pytest.mark.slow
def test_quality_shows_ours_beside_stages_trivial_rows_and_peers(
    bench: dict[str, ModuleType], tiny: str, peers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "made.json", tmp_path / "made.md"
    arguments = ["--seeds", "1", "--peers", str(peers), "--json", str(made[0]), "--markdown", str(made[1])]
    bench["quality"].main(arguments)
    printed = capsys.readouterr().out
    found = json.loads(made[0].read_text())
    assert {"date", "commit", "machine", "cores", "versions"} <= set(found["header"])
    rows = {(r["group"], r["row"], r["view"]) for r in found["records"]}
    for view in ("all", "but layer 1"):
        for row in ("input features", "after encoder", "after local", "network at initialisation"):
            assert ("stage", row, view) in rows
        assert sum(group == "trivial" and v == view for group, _, v in rows) == 10
        assert ("ours", "ours", view) in rows
    assert "peer: other (leiden, 2 runs elsewhere)" in printed
    assert "other (gmm" not in printed  # once, at its best
    assert "ARI >= 0: " in printed
    assert "NMI >= 101: " in printed
    assert "NOT REACHED" in printed
    assert all(line in made[1].read_text() for line in ("### In one look", "| 1 hop, mixture |"))
    elsewhere = [line.endswith(" 41.0") for line in printed.splitlines() if line.startswith("1 hop, mixture")]
    assert elsewhere == [False, True]  # the peers were scored on all labels


@pytest.mark.slow
def test_ablation_changes_one_part_at_a_time(
    bench: dict[str, ModuleType], tiny: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "made.json"
    bench["ablation"].main(["--seeds", "1", "--variants", "no alignment", "refinement off", "--json", str(made)])
    output = capsys.readouterr()
    records = json.loads(made.read_text())["records"]
    assert [r["variant"] for r in records if r["view"] == "all"] == ["default", "no alignment", "refinement off"]
    assert "2 trainings" in output.err  # what only changes the clustering is not trained again
    assert "mean change" in output.out


def test_every_variant_is_a_setting_and_differs_from_the_default(bench: dict[str, ModuleType]) -> None:
    default = bench["runs"].default_config(3, 0)
    variants = bench["ablation"].chosen_variants(None)
    configs = [bench["runs"].changed(default, v.changes).to_json() for v in variants]
    assert len(set(configs)) == len(configs)
    assert variants[0].name == "default"
    assert len(variants) > 20


@pytest.mark.parametrize(
    "changes",
    [
        {},
        *(
            pytest.param({"cluster": one}, marks=pytest.mark.slow)
            for one in ({"refinement": "off"}, {"method": "prototypes"})
        ),
    ],
)
def test_the_bench_finds_the_labels_that_fit_finds(
    bench: dict[str, ModuleType], tiny: str, changes: dict[str, Any]
) -> None:
    loaded = bench["datasets"].load(tiny)
    workbench = bench["ablation"].Workbench(loaded)
    short = bench["runs"].changed(bench["runs"].default_config(3, 1), {"train": {"epochs": 5}})
    workbench.labels(short)
    config = bench["runs"].changed(short, changes)
    np.testing.assert_array_equal(workbench.labels(config), nt.fit(loaded.dataset, config).labels)
    assert len(workbench.fits) == 1


def test_settings_that_share_a_training_do_not_change_it(bench: dict[str, ModuleType], tiny: str) -> None:
    other = {"method": "leiden", "domain_scale": 3, "sharpen": 4, "k_similar": 7, "refinement": "off", "strength": 9.0}
    other["n_init"] = 2
    assert set(other) == set(bench["ablation"].READOUT)
    short = bench["runs"].changed(bench["runs"].default_config(3, 1), {"train": {"epochs": 5}})
    section = prepare(bench["datasets"].load(tiny).dataset, short)
    one, two = (bench["runs"].trained(section, c) for c in (short, bench["runs"].changed(short, {"cluster": other})))
    np.testing.assert_array_equal(one.embedding, two.embedding)
    np.testing.assert_array_equal(one.prototypes, two.prototypes)


def test_true_labels_left_out_of_a_view_are_not_scored(bench: dict[str, ModuleType], tiny: str) -> None:
    loaded = bench["datasets"].load(tiny)
    truth = loaded.dataset.obs["domain"].astype(str).to_numpy()
    assert set(pd.Series(loaded.truths["but layer 1"]).dropna()) == {*truth} - {"layer 1"}
    scores = loaded.score(np.where(truth == "layer 1", np.arange(150) % 3, (truth == "layer 2") + 1))
    assert scores["but layer 1"]["ARI"] == pytest.approx(100)
    assert scores["but layer 1"]["bF1"] == pytest.approx(100)
    assert scores["all"]["ARI"] < 90


def test_trivial_blocks_are_centred_and_of_equal_total_variance(bench: dict[str, ModuleType], tiny: str) -> None:
    loaded = bench["datasets"].load(tiny)
    values = bench["trivial"].blocks(loaded, 0)
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-6)
    assert values.var(axis=0).sum() == pytest.approx(2.0)  # two modalities
    assert values[:, -11:].var(axis=0).sum() == pytest.approx(1.0)  # 12 proteins, all but one component


def test_a_median_below_the_trivial_row_is_within_seed_noise_only_where_the_ranges_meet(
    bench: dict[str, ModuleType],
) -> None:
    def records(ours: list[float], trivial: list[float]) -> list[dict[str, Any]]:
        return [
            {"group": group, "row": group, "view": "all", "seed": seed, "scores": {"ARI": value, "NMI": value}}
            for group, values in (("ours", ours), ("trivial", trivial))
            for seed, value in enumerate(values)
        ]

    case = bench["datasets"].Case("by hand", "", 2, "x", targets={("all", "ARI"): 59.5})
    words = [v["verdict"] for v in bench["quality"].verdicts(case, records([58, 60, 61], [60, 62, 63]))]
    assert words == ["reached", "within seed noise", "within seed noise"]
    words = [v["verdict"] for v in bench["quality"].verdicts(case, records([50, 58, 59], [60, 62, 63]))]
    assert words == ["not reached", "not reached", "not reached"]


def test_measure_reports_the_cost_of_a_process_and_what_it_printed_last(bench: dict[str, ModuleType]) -> None:
    script = f"""
import json, sys, time
sys.path.insert(0, {str(FOLDER)!r})
from measure import forget_peak, peak_mb
held = bytearray(200 * 2**20)
peak = peak_mb()
del held
forget_peak()
time.sleep(0.2)
print(json.dumps({{"peak": peak, "later": peak_mb()}}))
"""
    cost = bench["measure"].measure([sys.executable, "-c", script])
    assert cost.peak_mb > 200
    assert cost.found["peak"] > 200
    assert cost.found["later"] < 100 or sys.platform != "linux"
    assert cost.cpu_s + 0.1 < cost.wall_s
    with pytest.raises(SystemExit, match="ended with 3"):
        bench["measure"].measure([sys.executable, "-c", "raise SystemExit(3)"])


def test_scaling_sections_are_hexagonal_and_cost_is_compared_per_spot(bench: dict[str, ModuleType]) -> None:
    scaling = bench["scaling"]
    dataset = scaling.section(400, "features")
    assert dataset.modalities["rna"].table.shape == (400, 50)
    distance = np.linalg.norm(dataset.coords - dataset.coords[210], axis=1)
    np.testing.assert_allclose(np.sort(distance)[1:7], 1.0)

    def cost(n: int, seconds: float, peak: float) -> Any:
        found = {"n_spots": n, "seconds": dict.fromkeys(scaling.COLUMNS, seconds), "base_mb": 500, "data_mb": 1}
        return bench["measure"].Cost(
            1, 1, peak, found | {"peak_mb": peak, "epochs": 2, "n_components": {}, "device": ""}
        )

    absolute, ratios = scaling.tables([cost(10, 1.0, 600), cost(100, 14.0, 1500)])
    assert absolute.rows[0][0] == "10"
    assert ratios.rows[1] == ["100", *["1.40"] * len(scaling.COLUMNS), "1.00"]
    assert [note.endswith(" NOT REACHED") for note in ratios.notes] == [True, False]


def test_speed_shows_phases_and_whether_the_goals_are_reached(bench: dict[str, ModuleType]) -> None:
    cost = bench["measure"].Cost
    ours = [cost(10.0, 9.0, 700.0, {"read": 1.0, "training": 6.0, "epochs": 60})]
    found = {"epochs": 1600, "default_epochs": 1600, "training_wall_s": 200.0, "training_cpu_s": 180.0, "threads": 2}
    theirs = [cost(300.0, 280.0, 2500.0, found | {"versions": {"SpatialGlue": "1"}})]
    table = bench["speed"].cost_table(ours, theirs)
    assert table.rows[-1][1:3] == ["20.0", "20.0"]
    assert sum(note.endswith(" REACHED") and "NOT" not in note for note in table.notes) == 2
    assert ["starting Python, other imports, ending", "3.00"] in bench["speed"].phases_table(ours).rows


@pytest.mark.slow
def test_comparing_and_checking_are_told_beside_their_targets(bench: dict[str, ModuleType], tiny: str) -> None:
    trust, path = bench["trust"], str(bench["datasets"].load(tiny).case.path)
    found = trust.child_compare(300, 1)
    assert 0 < found["ari"] < 1
    assert trust.compare_rows(found)[-1].met
    assert not trust.compare_rows(found | {"seconds": [2.5]})[-1].met
    found = trust.child_checks(path, 3, 2, 1, 2)
    assert (found["n_spots"], found["epochs"], len(found["stability"]), len(found["fit"])) == (150, 2, 1, 3)
    rows = {row.what: row for row in trust.check_rows(found | {"fit": [1.0, 3.0, 2.0], "stability": [7.0]})}
    assert rows["the same in runs"].measured == "3.50"
    assert rows["the same in runs"].met
    slow = trust.check_rows(found | {"fit": [1.0, 1.0, 1.0], "stability": [5.0]})
    assert [row.cells()[-1] for row in slow if row.target] == ["NOT MET"]


def test_searches_for_neighbours_are_compared_on_the_same_rows(bench: dict[str, ModuleType], tmp_path: Path) -> None:
    neighbours = bench["neighbours"]
    neighbours.make(400, 15, tmp_path / "rows.npy")
    found = [
        {"n": 400, "columns": 15, "engine": engine} | neighbours.child(tmp_path / "rows.npy", engine)
        for engine in ("exact", "cells")
    ]
    assert found[0]["recall"] == 1.0
    assert found[1]["recall"] > 0.9
    assert neighbours.table(found, ["exact", "cells"]).rows[0][:2] == ["400", "15"]


@pytest.mark.parametrize(("kind", "widths"), [("features", [50, 50]), ("counts", [500, 50])])
def test_a_section_of_the_million_is_what_it_says(bench: dict[str, ModuleType], tmp_path: Path, kind, widths) -> None:
    path = tmp_path / ("section.h5mu" if kind == "features" else "section.h5ad")
    bench["million"].make(kind, 300, path)
    dataset = nt.read(path)
    assert dataset.n_spots == 300
    assert [modality.table.n_vars for modality in dataset.modalities.values()] == widths
    if kind == "counts":
        genes = next(iter(dataset.modalities.values())).table.X
        assert 0.02 < genes.nnz / (300 * 500) < 0.08


def test_the_million_says_what_was_reached(bench: dict[str, ModuleType]) -> None:
    stages = dict.fromkeys(bench["million"].STAGES, 10.0)
    few = {"n_spots": 200_000, "wall_s": 100.0, "cpu_s": 90.0, "peak_mb": 2000.0, "pass": 4.0, "open_peak_mb": 1000.0}
    few |= {"written_mb": 300.0, "seconds": {**stages, "opened again": 5.0}}
    many = {**few, "n_spots": 1_000_000, "wall_s": 1200.0, "peak_mb": 5000.0}
    verdicts = {row[0]: row[-1] for row in bench["million"].tables("features", [few, many])[1].rows}
    assert verdicts["1,000,000: minutes"] == "NOT MET"
    assert verdicts["1,000,000: GB"] == "met"
    assert verdicts["training, last size against first"] == "met"
    assert verdicts["all else per spot, likewise"] == "NOT MET"
