"""Makes the sample slice beside this file: ``python sample_data/make_sample.py [OUTPUT]``."""

import sys
from pathlib import Path

from napari_trsmi.data.simulate import SimulationSettings, simulate
from napari_trsmi.data.tables import mudata_as_stored

SETTINGS = SimulationSettings(n_spots=2500, modalities=("rna", "adt"), n_genes=600, n_proteins=30, image=800, seed=3)
FILE = Path(__file__).with_name("trsmi_slice.h5mu")


def make_sample(path: Path) -> None:
    """Write the sample slice to `path`."""
    simulated = simulate(SETTINGS)
    with mudata_as_stored():
        simulated.write_h5mu(path, compression="gzip", compression_opts=9)


if __name__ == "__main__":
    make_sample(Path(sys.argv[1]) if len(sys.argv) > 1 else FILE)
