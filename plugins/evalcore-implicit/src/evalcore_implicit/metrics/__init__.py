"""Metrics of models that were fitted at one place and asked at others, over drawings."""
