"""Small parts that docks share: labels that fit, buttons, fields, frames, hints, columns, curves; what they hear."""
