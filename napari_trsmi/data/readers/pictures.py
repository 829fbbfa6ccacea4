"""Image files to pixels."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np

from napari_trsmi.errors import DataError

_AS_RGB = ("P", "PA", "CMYK", "YCbCr", "LAB", "HSV", "LA", "La", "RGBa")  # modes whose numbers are no colours


def read_picture(path: Path) -> np.ndarray:
    """Return the pixels of a PNG, JPEG or TIFF file, (H, W) or (H, W, C), in the type that the file has.

    Raises
    ------
    DataError
        The file is none of these, or damaged.
    """
    from PIL import Image

    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        try:
            limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # large slides are no attack
            with Image.open(io.BytesIO(content)) as image:
                if image.mode not in _AS_RGB:
                    return np.asarray(image)
                return np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB"))
        except (OSError, ValueError, TypeError):
            if not path.suffixes or not any(suffix.lower() in (".tif", ".tiff") for suffix in path.suffixes):
                raise
            return _read_tiff(content)
        finally:
            Image.MAX_IMAGE_PIXELS = limit
    except Exception as error:  # decoders raise nearly everything
        reason = (str(error).strip().splitlines() or [""])[0][:100]
        raise DataError(
            f"Expected a picture, found one that cannot be read ({type(error).__name__}: {reason})."
        ) from error


def _read_tiff(content: bytes) -> np.ndarray:
    """Return the pixels of a TIFF of a depth that Pillow does not know, where the package tifffile is there."""
    import tifffile

    return np.asarray(tifffile.imread(io.BytesIO(content)))
