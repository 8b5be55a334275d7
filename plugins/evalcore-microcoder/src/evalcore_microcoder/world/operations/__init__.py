"""The operations of the world, by what they take."""

from __future__ import annotations

from evalcore_microcoder.world.operations import number, numbers, table, word, words

__all__ = ["OPERATIONS"]

OPERATIONS = {
    operation.name: operation
    for module in (number, numbers, word, words, table)
    for operation in module.OPERATIONS
}
"""The operations by name."""
