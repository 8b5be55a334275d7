"""Routers that learn which language model to ask."""
