"""``python -m napari_trsmi``, which is the command ``trsmi``."""

import sys

from napari_trsmi.cli import main

if __name__ == "__main__":
    sys.exit(main())
