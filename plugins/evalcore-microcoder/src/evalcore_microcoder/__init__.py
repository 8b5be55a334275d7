"""A tiny language model that writes tiny programs, and a contest for it, for evalcore."""
