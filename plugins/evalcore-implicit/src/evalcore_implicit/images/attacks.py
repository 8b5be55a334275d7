"""What every task of images is set by: how its contenders are attacked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from evalcore.settings import Settings

__all__ = ["AttackSettings", "Kind"]

Kind = Literal["fgsm", "pgd", "gaussian", "uniform"]


class AttackSettings(Settings):
    """What is done to the test images before contenders are asked again."""

    attacks: tuple[Kind, ...] = ("fgsm", "pgd", "gaussian", "uniform")
    """One step along the sign of the gradient of a contender's own loss, ten such steps of a fourth
    of the strength, or noise."""
    attack_strengths: Annotated[
        tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=1)
    ] = (0.01, 0.02, 0.05, 0.1, 0.2)
    """Largest change of a pixel, which is from 0 to 1; of Gaussian noise the standard deviation."""
    attacked_samples: int = Field(500, ge=1)
    """Test images that are attacked, at most."""

    @field_validator("attacks", "attack_strengths")
    @classmethod
    def _each_once(cls, given: tuple[object, ...]) -> tuple[object, ...]:
        if len(set(given)) < len(given):
            raise ValueError("found one of them twice")
        return given
