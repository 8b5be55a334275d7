"""The operations of the world, by what they take."""

from __future__ import annotations

from evalcore_microcoder.world.operations import number, numbers

__all__ = ["OPERATIONS"]

OPERATIONS = {operation.name: operation for operation in (*number.OPERATIONS, *numbers.OPERATIONS)}
"""The operations by name."""
