"""Names that look like those in real files: gene symbols, antibodies, peaks, spot barcodes. All are unique."""

from __future__ import annotations

import numpy as np

from napari_trsmi.data.simulate.settings import ModalityName

_STEMS = """
    ACT ADAM ALDH ANXA ATP BCL CALB CAM CCL CDH COL CXCL CYP DLX EFN EGR FABP FGF FOX GABR GAP GRI HES HOX HSP IGF IL
    ITG KCN KLF KRT LAM LHX MAP MBP MMP MYO NEUR NFIB NOTCH NR NRX OLIG PAX PCDH PDG PLP PTPR RAB RBF RELN RORB RPL
    SATB SCN SEMA SERP SLC SNAP SOX SST STAT SYT TBR TGFB TIMP TMEM TNF TUB VIM WNT ZEB ZNF
"""
_ANTIBODIES = """
    CD3 CD4 CD8 CD19 CD20 CD14 CD11c CD11b CD27 CD45RA CD45RO CD68 CD163 CD31 HLA-DR PD-1 PD-L1 EpCAM Vimentin
    alpha-SMA Cytokeratin CXCR5-CD185 BCL-2 Ki-67 CD138 CD21 CD66b CD16 CD40 CCR7-CD197
"""
_LENGTHS = np.array(
    [248, 242, 198, 190, 181, 170, 159, 145, 138, 133, 135, 133, 114, 107, 101, 90, 83, 80, 58, 64, 46, 50]
)


def feature_names(modality: ModalityName, n: int, rng: np.random.Generator) -> np.ndarray:
    """(n,) str unique feature names of a modality."""
    if modality == "adt":
        antibodies = _ANTIBODIES.split()
        return np.array([antibodies[i] if i < len(antibodies) else f"CD{300 + i}" for i in range(n)])
    if modality == "rna":
        stems = _STEMS.split()
        rank = rng.permutation(max(n, 12 * len(stems)))[:n]
        return np.array([f"{stems[i % len(stems)]}{i // len(stems) + 1}" for i in rank])
    chromosomes = np.sort(rng.choice(len(_LENGTHS), n, p=_LENGTHS / _LENGTHS.sum()))
    names = []
    for chromosome in np.unique(chromosomes):
        count = int((chromosomes == chromosome).sum())
        slot = _LENGTHS[chromosome] * 1_000_000 // (count + 1)  # one peak per slot: peaks never overlap
        starts = np.arange(count) * slot + rng.integers(100, max(101, slot - 1000), count)
        ends = starts + rng.integers(300, 900, count)
        names += [f"chr{chromosome + 1}:{a}-{b}" for a, b in zip(starts, ends, strict=True)]
    return np.array(names)


def barcodes(n: int, section: int) -> np.ndarray:
    """(n,) str unique spot barcodes of 16 bases, ending in the section's number."""
    scrambled = np.arange(n, dtype=np.uint64) * np.uint64(2_654_435_761) % np.uint64(2**32)  # odd factor: one to one
    digits = (scrambled[:, None] >> np.arange(0, 32, 2, dtype=np.uint64)) & np.uint64(3)  # (n, 16)
    bases = np.frombuffer(b"ACGT", np.uint8)[digits.astype(np.intp)]
    words = np.ascontiguousarray(bases).view("S16").ravel().astype("U16")
    return np.char.add(words, f"-{section + 1}")
