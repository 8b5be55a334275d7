"""The side of the judge that runs programs: it starts as a process of its own.

Nothing here imports anything but the standard library and its neighbours in this folder, since the
folder is loaded without the package above it, by an interpreter without site-packages.
"""
