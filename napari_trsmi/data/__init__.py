"""Files and tables: reading, preprocessing, simulating, writing. No torch, no Qt."""
