"""The network: arrays in, arrays out. No tables, no Qt."""
