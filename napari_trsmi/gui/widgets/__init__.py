"""Small parts that docks share: labels that fit, buttons, search fields, frames, hints, columns, curves."""
