"""What `fuzz.py` tries: originals, changes of every kind, a child with limits, and what is right afterwards."""
