"""Two labellings of the same spots beside each other: runs, columns of the file, embeddings of other methods."""

from napari_trsmi.compare.kept import differences, record, with_comparison, with_records
from napari_trsmi.compare.labelling import (
    MOST_LABELS,
    Labelling,
    label_columns,
    labellings,
    labels_of_column,
    labels_of_embedding,
    labels_of_file,
    labels_of_other,
    labels_of_result,
)
from napari_trsmi.compare.scores import SCORES, Comparison, compare, matched_colors, within

__all__ = [
    "MOST_LABELS",
    "SCORES",
    "Comparison",
    "Labelling",
    "compare",
    "differences",
    "label_columns",
    "labellings",
    "labels_of_column",
    "labels_of_embedding",
    "labels_of_file",
    "labels_of_other",
    "labels_of_result",
    "matched_colors",
    "record",
    "with_comparison",
    "with_records",
    "within",
]
