"""Implicit models, and how far beyond their training data they and others extrapolate."""
