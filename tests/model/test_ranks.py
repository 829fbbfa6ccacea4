"""Training by several processes, as torchrun starts them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small import config, section
from test_tiled import in_tiles

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
"""


def two(folder: Path, how: str) -> tuple[int, str]:
    """Run the script above in two processes; return how it ended, and what was said last."""
    script = folder / "run.py"
    script.write_text(RUN)
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
