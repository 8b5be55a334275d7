"""A plugin for evalcore."""
