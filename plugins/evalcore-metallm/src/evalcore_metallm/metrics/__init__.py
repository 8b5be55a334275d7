"""Metrics of routers that passed over a log, with intervals for other orders and queries."""
