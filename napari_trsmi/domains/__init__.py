"""Domains, their boundaries and scores: numpy and scikit-learn. No torch, no Qt."""
