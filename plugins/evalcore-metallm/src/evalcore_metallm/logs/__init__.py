"""Logs of what models answered: all of them on each query, or the one that a router picked."""
