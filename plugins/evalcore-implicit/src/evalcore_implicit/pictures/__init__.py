"""Drawings for a run's report, as SVG: panels of lines, and maps. They know nothing of evalcore."""
