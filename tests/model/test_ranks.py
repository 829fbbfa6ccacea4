"""Training by several processes, as torchrun starts them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from small import config, section
from test_tiled import in_tiles
from torch import distributed

from napari_trsmi.errors import ConfigError, TrainingError
from napari_trsmi.model import trainer
from napari_trsmi.model.ranks import Ranks, joined, local_device
from napari_trsmi.model.training import train

RUN = """
import os, sys
import numpy as np
from small import config, section
from test_tiled import in_tiles
from napari_trsmi.interrupt import Helped
from napari_trsmi.model.training import train
from napari_trsmi.records import drain
from pathlib import Path

one, folder, dies = section(400), Path(sys.argv[1]), sys.argv[2] == "dies"
made = in_tiles(one, 100)
settings = config(train={"tiles_per_step": 2, "checkpoint_every": 2})
def step(found):
    if dies and os.environ["RANK"] == "1" and found.epoch == 5:
        os._exit(1)
given = (one.features, one.spatial, made.feature_graphs, settings)
steps = train(*given, tiles=made.tiles, checkpoint=folder / "state.pt")
try:
    fit = drain(steps, step)
except Helped:
    sys.exit()
except Exception as error:
    (folder / "said.txt").write_text(f"{type(error).__name__}: {error}")
    raise SystemExit(3)
np.save(folder / f"rank{os.environ['RANK']}.npy", fit.embedding)
from torch import distributed
assert not distributed.is_initialized()
"""


READY = """
import os, sys
import numpy as np
from pathlib import Path
from short_run import finish, settings, small_slice
from napari_trsmi import tiles
from napari_trsmi.data.readers import from_memory
from napari_trsmi.fitting import steps_of
from napari_trsmi.interrupt import Helped
from napari_trsmi.stages import prepare

folder, own, searched, nearest = Path(sys.argv[1]), os.environ.get("RANK", "alone"), [], tiles.nearest
def counted(rows, *given, **named):
    searched.append(len(rows))
    return nearest(rows, *given, **named)
tiles.nearest = counted
config = settings(train={"tile_spots": 100, "tile_size": 100, "epochs": 2, "tiles_per_step": 2})
dataset = from_memory(small_slice())
if sys.argv[2] == "dies" and own == "1":
    from napari_trsmi.model.ranks import sharing
    sharing("cpu")
    os._exit(1)
try:
    prepared = prepare(dataset, config, together=True)
except Exception as error:
    (folder / "said.txt").write_text(f"{type(error).__name__}: {error}")
    raise SystemExit(3)
graphs = {m: one.data for m, one in prepared.feature_graphs.items()}
graphs |= {f"ends {m}": one.indices for m, one in prepared.feature_graphs.items()}
np.savez(folder / f"{own}.npz", searched=searched, recall=list(prepared.recall.values()), **graphs)
try:
    labels = finish(steps_of(dataset, config, 0.0, False, None, None, prepared, None))[1].labels
except Helped:
    sys.exit()
np.save(folder / f"{own} labels.npy", labels)
"""


def two(folder: Path, how: str, text: str = RUN) -> tuple[int, str]:
    """Run a script in two processes; return how it ended, and what was said last."""
    script = folder / "run.py"
    script.write_text(text)
    here = Path(__file__).parent
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    paths = os.pathsep.join(map(str, (here, here.parent, here.parents[1], os.environ.get("PYTHONPATH", ""))))
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    for _ in range(2):  # the port that torchrun found free may be taken by then
        done = subprocess.run(
            [*command, str(folder), how], env=environment, capture_output=True, timeout=300, check=False
        )
        if b"address already in use" not in done.stderr.lower():
            break
    return done.returncode, done.stderr.decode(errors="replace")[-3000:]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="torchrun is tried where clusters are")
def test_two_processes_find_what_one_finds_with_as_many_tiles_in_a_step(tmp_path):
    code, said = two(tmp_path, "lives")
    assert code == 0, said
    assert not (tmp_path / "rank1.npy").exists()
    one = section(400)
    made, settings = in_tiles(one, 100), config(train={"tiles_per_step": 2})
    alone = _end(train(one.features, one.spatial, made.feature_graphs, settings, tiles=made.tiles))
    np.testing.assert_allclose(np.load(tmp_path / "rank0.npy"), alone.embedding, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="torchrun is tried where clusters are")
def test_a_process_that_dies_ends_the_run_and_leaves_a_good_checkpoint(tmp_path):
    assert two(tmp_path, "dies")[0] != 0
    assert not (tmp_path / "rank0.npy").exists()
    said = tmp_path / "said.txt"
    if said.exists():  # torchrun may have ended it before it could speak
        assert "Expected all processes of the run to go on" in said.read_text()
    one = section(400)
    made, settings = in_tiles(one, 100), config(train={"tiles_per_step": 2, "checkpoint_every": 2})
    given = (one.features, one.spatial, made.feature_graphs, settings)
    resumed = _end(train(*given, tiles=made.tiles, resume=tmp_path / "state.pt"))
    whole = _end(train(*given, tiles=made.tiles))
    np.testing.assert_allclose(resumed.embedding, whole.embedding, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="torchrun is tried where clusters are")
def test_two_processes_share_the_search_for_similar_spots_and_find_the_domains_of_one(tmp_path):
    code, said = two(tmp_path, "lives", READY)
    assert code == 0, said
    here = Path(__file__).parent
    paths = os.pathsep.join(map(str, (here.parent, here.parents[1])))
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    subprocess.run(
        [sys.executable, str(tmp_path / "run.py"), str(tmp_path), "lives"], env=environment, check=True, timeout=300
    )
    first, second, alone = (np.load(tmp_path / f"{name}.npz") for name in ("0", "1", "alone"))
    assert 0 < len(first["searched"]) < len(alone["searched"])
    assert sorted([*first["searched"], *second["searched"]]) == sorted(alone["searched"])
    for name in alone.files:
        if name != "searched":
            np.testing.assert_array_equal(first[name], alone[name])
            np.testing.assert_array_equal(second[name], alone[name])
    np.testing.assert_array_equal(np.load(tmp_path / "0 labels.npy"), np.load(tmp_path / "alone labels.npy"))
    assert not (tmp_path / "1 labels.npy").exists()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="torchrun is tried where clusters are")
def test_a_process_that_dies_while_others_prepare_ends_the_run_with_a_sentence(tmp_path):
    assert two(tmp_path, "dies", READY)[0] != 0
    assert not (tmp_path / "0.npz").exists()
    said = tmp_path / "said.txt"
    if said.exists():  # torchrun may have ended it before it could speak
        assert said.read_text().startswith("TrainingError: Expected all processes of the run to go on")


def test_a_search_that_is_not_answered_says_so(monkeypatch):
    def gone(values):
        raise RuntimeError("[gloo/transport/tcp/pair.cc:553] Connection closed by peer [127.0.0.1]:7")

    monkeypatch.setattr(distributed, "all_reduce", gone)
    with pytest.raises(TrainingError, match="found that one has ended"):
        Ranks(0, 2).summed(np.zeros(3))


def test_only_what_is_on_a_gpu_goes_by_nccl(monkeypatch):
    asked = []
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("MASTER_ADDR", "localhost")
    monkeypatch.setattr(distributed, "is_initialized", lambda: False)
    monkeypatch.setattr(distributed, "init_process_group", asked.append)
    monkeypatch.setattr(distributed, "get_rank", lambda: 1)
    assert joined(torch.device("cuda:1")) == joined(torch.device("cpu")) == Ranks(1, 2)
    assert asked == ["cpu:gloo,cuda:nccl", "gloo"]


def _end(steps):
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def test_one_process_is_alone(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert joined(None) == Ranks(0, 1)
    assert local_device("auto") == "auto"
    assert Ranks().gathered([1, 2]) == [1, 2]
    Ranks().part()


def test_several_processes_need_tiles(monkeypatch):
    monkeypatch.setattr(trainer, "joined", lambda device: Ranks(0, 2))
    with pytest.raises(ConfigError, match="for 2 processes, found 60 spots"):
        next(train(*section().parts, config()))


def test_a_process_that_is_gone_is_named(monkeypatch):
    def gone(self, parameters):
        raise RuntimeError("[gloo/transport/tcp/pair.cc:553] Connection closed by peer [127.0.0.1]:7")

    monkeypatch.setattr(Ranks, "averaged", gone)
    with pytest.raises(TrainingError, match="found that one has ended"):
        next(train(*section().parts, config()))


def test_a_step_has_as_many_tiles_for_every_process():
    one = section(400)
    made = in_tiles(one, 50)
    from napari_trsmi.model.tiled import Tiled

    given = (one.features, one.spatial, made.feature_graphs)
    seen = []
    for own in range(3):
        settings = config(train={"tiles_per_step": 4})
        tiled = Tiled(*given, settings, made.device, made.tiles, ranks=Ranks(own, 3))
        assert (tiled.per_step, tiled.n_views) == (6, 2)
        seen += [tuple(view.rows[: view.core]) for view in tiled.views(0)]
    assert len(set(seen)) == 6
