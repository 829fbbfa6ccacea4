"""Train SpatialGlue on given components and say what it cost. Runs in SpatialGlue's own environment, never in ours.

    VENV_PYTHON spatialglue_run.py INPUT.npz [--epochs N] [--embedding FILE.npy]

INPUT.npz holds `coords` (N, 2) and the components of two modalities, `first` (N, D_1) and `second` (N, D_2).
SpatialGlue is licensed under the AGPL: it is called here as the separate program it is, through its documented
interface. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from importlib.metadata import version

import anndata
import numpy as np
import torch
from SpatialGlue.preprocess import construct_neighbor_graph
from SpatialGlue.SpatialGlue_pyG import Train_SpatialGlue

DATATYPE = "Spatial-epigenome-transcriptome"


def table(components: np.ndarray, coords: np.ndarray) -> anndata.AnnData:
    """Return what SpatialGlue takes: components in ``obsm["feat"]``, coordinates in ``obsm["spatial"]``."""
    return anndata.AnnData(components.astype(np.float32), obsm={"feat": components, "spatial": coords})


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input")
    parser.add_argument("--epochs", type=int, help="stop after so many (default: those of its data type)")
    parser.add_argument("--embedding", help="where to write the (N, 64) embedding")
    options = parser.parse_args()
    data = np.load(options.input)
    tables = [table(data[name], data["coords"]) for name in ("first", "second")]

    started = time.perf_counter()
    graphs = construct_neighbor_graph(*tables, datatype=DATATYPE)
    model = Train_SpatialGlue(graphs, datatype=DATATYPE, device=torch.device("cpu"))
    default_epochs = model.epochs
    if options.epochs is not None:
        model.epochs = options.epochs
    trained, cpu = time.perf_counter(), time.process_time()
    found = model.train()
    ended, spent = time.perf_counter(), time.process_time()

    if options.embedding:
        np.save(options.embedding, found["SpatialGlue"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = {
        "epochs": model.epochs,
        "default_epochs": default_epochs,
        "graphs_wall_s": trained - started,
        "training_wall_s": ended - trained,
        "training_cpu_s": spent - cpu,
        "peak_mb": peak / (2**20 if sys.platform == "darwin" else 2**10),
        "threads": torch.get_num_threads(),
        "versions": {name: version(name) for name in ("SpatialGlue", "torch", "scanpy", "anndata")},
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
