"""The napari plugin: the only room that knows napari and Qt. Torch is reached through `api`, inside functions."""
