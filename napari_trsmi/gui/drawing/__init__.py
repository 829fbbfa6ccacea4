"""What a person draws on the tissue: the spots in it, and marks around spots."""
