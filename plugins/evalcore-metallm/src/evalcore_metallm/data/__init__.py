"""A small log that needs no download: what three sizes of a tiny model make of problems.

`microcoder.jsonl` holds 400 problems of the world of evalcore-microcoder, of compositions that the
model was not trained on. Each was put to each size once, greedily, and judged by all of its tests.
What is found on it holds in that world alone.
"""
