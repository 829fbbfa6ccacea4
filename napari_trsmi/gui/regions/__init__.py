"""The dock in which a person names regions of the tissue: columns of one's own."""
