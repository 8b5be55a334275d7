"""What a trained network computes: the states of its activations, and their second moments."""

from evalcore_implicit.states.accumulating import Accumulated, accumulate
from evalcore_implicit.states.describing import Convolution, Record
from evalcore_implicit.states.folding import folded
from evalcore_implicit.states.locations import Located, Locations, accumulate_locations
from evalcore_implicit.states.recording import States, record
from evalcore_implicit.states.scaling import find_scales
from evalcore_implicit.states.splitting import split

__all__ = [
    "Accumulated",
    "Convolution",
    "Located",
    "Locations",
    "Record",
    "States",
    "accumulate",
    "accumulate_locations",
    "find_scales",
    "folded",
    "record",
    "split",
]
