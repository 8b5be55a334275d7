"""What contenders are measured by: accuracy, agreement, and accuracy under attack."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from evalcore.data import Score
from evalcore.errors import TaskError
from evalcore_implicit.images.contender import BLOCKS, TEACHER, Contender
from evalcore_implicit.robustness import attack, certified_radius

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from evalcore_implicit.images.attacks import AttackSettings

__all__ = ["scored"]

_CHUNK = 250
"""Images that a contender is given at a time."""

_NO_CLASS = -1
"""Of an image whose scores are not finite; it is never right."""


def scored(
    answer: Any,
    inputs: NDArray[np.float32],
    labels: NDArray[np.int64],
    settings: AttackSettings,
    seed: tuple[int, ...],
) -> Score:
    """Test and attack contenders; see `ImageTask` for what is on record.

    Args:
        answer: the contenders.
        inputs: test images, shape (k, channels, height, width).
        labels: their classes, shape (k,).
        settings: of the attacks.
        seed: of their noise, the same for every contender.

    Raises:
        TaskError: if the answer is no sequence of contenders, or one of them cannot be tested.
    """
    # The networks are small: more threads would wait for each other, and for the fits beside them.
    torch.set_num_threads(1)
    contenders = _contenders(answer)
    images, truth = torch.from_numpy(inputs), torch.from_numpy(labels)
    classes = [_classes(_scores(each, images, int(truth.max()) + 1)) for each in contenders]
    teacher = next((at for at, each in enumerate(contenders) if each.name == TEACHER), None)
    attacked = settings.attacked_samples
    few = images[:attacked], truth[:attacked]
    measured = []
    for contender, found in zip(contenders, classes, strict=True):
        same = None if teacher is None else _share(found == classes[teacher])
        whole = None if teacher is None else _total(contenders[teacher])
        measured.append(
            {
                "name": contender.name,
                "strength": contender.strength,
                "accuracy": _share(found == truth),
                "agreement": same,
                **_facts(contender, whole),
                **_certified(contender, *few),
                "attacks": _attacked(contender, *few, settings, seed),
            }
        )
    return Score(measured[0]["accuracy"], details={"contenders": measured})


def _contenders(answer: Any) -> Sequence[Contender]:
    if not isinstance(answer, tuple | list) or not answer:
        raise TaskError(f"expected a sequence of contenders, found {answer!r:.80}")
    keys = set()
    for each in answer:
        if not isinstance(each, Contender):
            raise TaskError(f"expected contenders alone, found {type(each).__name__}")
        key = each.name if each.name == TEACHER else (each.name, each.strength)
        if key in keys:
            raise TaskError(f"found two contenders {each.name!r} at the strength {each.strength}")
        keys.add(key)
    return answer


def _scores(contender: Contender, images: Tensor, least: int = 2) -> Tensor:
    """Shape (images, classes), of so many classes at least."""
    module = contender.module.eval()
    try:
        with torch.no_grad():
            scores = torch.cat([module(chunk) for chunk in torch.split(images, _CHUNK)])
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        shape = tuple(images.shape[1:])
        raise TaskError(
            f"the contender {contender.name!r} does not take images of shape {shape}: {error}"
        ) from error
    if scores.ndim != 2 or len(scores) != len(images) or scores.shape[1] < least:
        raise TaskError(
            f"the contender {contender.name!r} gives scores of shape {tuple(scores.shape)} for "
            f"{len(images)} images, expected ({len(images)}, classes) of {least} classes or more"
        )
    return scores


def _classes(scores: Tensor) -> Tensor:
    finite = scores.isfinite().all(dim=1)
    return torch.where(finite, scores.argmax(dim=1), _NO_CLASS)


def _attacked(
    contender: Contender,
    images: Tensor,
    labels: Tensor,
    settings: AttackSettings,
    seed: tuple[int, ...],
) -> dict[str, dict[str, float]]:
    """The accuracy by attack and strength."""
    noise = int(np.random.SeedSequence(seed).generate_state(1)[0])
    accuracies: dict[str, dict[str, float]] = {}
    for kind in settings.attacks:
        of_kind = accuracies[kind] = {}
        for strength in settings.attack_strengths:
            try:
                moved = attack(
                    contender.module, images, labels, kind, strength=strength, seed=noise
                )
            except (RuntimeError, ValueError) as error:
                raise TaskError(
                    f"the contender {contender.name!r} cannot be attacked: {error}"
                ) from error
            found = _classes(_scores(contender, moved))
            of_kind[f"{strength:g}"] = _share(found == labels)
    return accuracies


def _certified(contender: Contender, images: Tensor, labels: Tensor) -> dict[str, float | None]:
    """The bound on the change of scores, and how far it certifies classes that are right."""
    matrix = contender.facts.get("sensitivity")
    if matrix is None:
        return {"sensitivity": None, "radius": None}
    bounds = torch.as_tensor(matrix, dtype=torch.float64)
    scores = _scores(contender, images).double()
    classes = _classes(scores)
    try:
        # Scores that are not finite belong to no class, and need no radius.
        radii = certified_radius(torch.where(classes[:, None] == _NO_CLASS, 0.0, scores), bounds)
    except ValueError as error:
        raise TaskError(
            f"the sensitivity of the contender {contender.name!r} is none of its scores: {error}"
        ) from error
    return {
        "sensitivity": _number(float(bounds.sum(dim=1).max())),
        "radius": _number(float(torch.where(classes == labels, radii, 0.0).mean())),
    }


def _facts(contender: Contender, of_teacher: int | None) -> dict[str, Any]:
    """What the strategy knows of a contender, as it goes on record."""
    facts = contender.facts
    total = _total(contender)
    counts = facts.get("weights") or {}
    known = {name: _count(counts.get(name)) for name in BLOCKS}
    return {
        "weights": {"total": total, **known},
        "share": total / of_teacher if total is not None and of_teacher else None,
        "operations": _count(facts.get("operations")),
        "iterations": _number(facts.get("iterations")),
        "norm": _number(facts.get("norm")),
    }


def _total(contender: Contender) -> int | None:
    return _count((contender.facts.get("weights") or {}).get("total"))


def _count(value: Any) -> int | None:
    return None if value is None else int(value)


def _number(value: Any) -> float | None:
    """A number that JSON has."""
    return float(value) if value is not None and math.isfinite(value) else None


def _share(right: Tensor) -> float:
    return float(right.double().mean())
