"""The canvas of napari: layers, pictures, camera, files to layers, and the session of each viewer."""
