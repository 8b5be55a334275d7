"""Tasks in which what was learned on one part of the data is tried on another."""
