"""How a model withstands changed inputs: attacks, bounds on its sensitivity, certified radii."""

from evalcore_implicit.robustness.attacks import Attack, attack
from evalcore_implicit.robustness.certificates import certified_radius
from evalcore_implicit.robustness.sensitivity import bound, sensitivity

__all__ = ["Attack", "attack", "bound", "certified_radius", "sensitivity"]
