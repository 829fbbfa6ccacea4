"""The door to napari: commands, sample data, the writer, and the window of the command line."""
