"""What the dock that questions a result says. No Qt."""

from __future__ import annotations

ABOUT = (
    "Would these domains come out again from another measurement of the section? Would they appear by chance? The "
    "settings of the result run again to find out."
)
NO_RESULT = "Train first, or open a saved result; then ask here whether its domains are real."
REPLACED = "The result was replaced while it was checked: what was found is dropped. Check the new one."
NO_RUN = "No run; only what each modality finds alone is asked"
ELSEWHERE = "{} is being checked. What is found comes to it, whatever you look at meanwhile."
KEEP = {  # what shuffling can keep: in words, and what it means
    "gradients": (
        "coarse gradients",
        "Spots change places only with others of the same part of the section and of like depth. Do the boundaries "
        "stand out from slow changes across the section? Cannot tell where domains are wider than such a part",
    ),
    "nothing": ("nothing", "Spots change places all over the section. Do the boundaries stand out from noise?"),
}
