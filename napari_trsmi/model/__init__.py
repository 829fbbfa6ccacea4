"""The network: arrays in, arrays out. No tables, no Qt."""

import os

# Large tensors come and go at every step of a large section; with huge pages (Linux) the kernel hands them out in a
# fraction of the time. torch reads this at its first large allocation; where huge pages are off it does nothing.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
