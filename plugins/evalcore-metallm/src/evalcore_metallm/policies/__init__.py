"""Policies: how a router picks a model for a query, and learns from what comes of it."""
