"""The Colour by dock: spots coloured by a feature, a column or a value of the result."""
