"""A world of small programs: statements, reference programs, tests and typical mistakes.

A problem is a composition of one to three operations on what a program reads: a number, a list
of numbers, a word, a list of words, or a table of names and numbers. All follows from a seed.
"""

from __future__ import annotations

from evalcore_microcoder.world.drawing import problems
from evalcore_microcoder.world.problem import Problem

__all__ = ["Problem", "problems"]
