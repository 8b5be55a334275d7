"""Strategy `state-driven`: implicit models that are fitted to the states of a teacher."""

from __future__ import annotations

import asyncio
import pickle
from typing import TYPE_CHECKING, Any, ClassVar

from evalcore.data import Attempt
from evalcore.errors import EvalcoreError
from evalcore.model import Estimator
from evalcore.strategy import Strategy
from evalcore_implicit.images.drawing import Images
from evalcore_implicit.state_driven.settings import StateDrivenSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from evalcore.data import Sample
    from evalcore.model import Model
    from evalcore.strategy import Context

__all__ = ["StateDriven", "StateDrivenSettings", "contend"]


class StateDriven(Strategy[StateDrivenSettings]):
    """A teacher, implicit models fitted to its states for each strength, and controls.

    The answer is a sequence of contenders, and is not kept: `teacher`, and by strength
    `state-driven`, `magnitude-pruned` and `layer-wise-lasso`. On record are `fit`, the details of
    the teacher's fit; `states`, what was fitted to; `convolution`; `dead` and `constant`, the
    numbers of states left out and of inputs that did not vary; `certificate`, by strength how good
    the solution is; `seconds` of the processor, and the `pattern` of the matrices at one strength.
    """

    uses: ClassVar[type[Model[Any]]] = Estimator

    async def attempt(self, sample: Sample, context: Context) -> Attempt:
        """Train the teacher, which cells of equal teachers share, and fit.

        Raises:
            EvalcoreError: if the sample is not one with images, the estimator has no network, or
                the network cannot be fitted.
        """
        images = sample.public
        if not isinstance(images, Images):
            raise EvalcoreError(
                f"state-driven found {type(images).__name__} as the public side of {sample.id!r}, "
                "expected Images: use a task of images, such as glyphs"
            )
        teacher = await context.model.fit(images.inputs, images.labels)
        few = images.inputs[: self.settings.samples]
        pickled, details = await teacher.apply(contend, self.settings, few)
        # In a thread, as it imports torch.
        contenders = await asyncio.to_thread(pickle.loads, pickled)
        return Attempt(contenders, details={"fit": dict(teacher.details), **details}, keep=False)


def contend(
    estimator: Estimator[Any],
    state: Any,
    settings: StateDrivenSettings,
    inputs: NDArray[Any],
    *,
    tell: Callable[[float], None],
) -> tuple[bytes, dict[str, Any]]:
    """The contenders of a teacher, pickled, and what is to be on record; in a worker process.

    As bytes, since of tensors torch would send handles of memory that ends with the process.
    """
    from evalcore_implicit.state_driven.contending import contenders_of

    contenders, details = contenders_of(estimator, state, settings, inputs, tell)
    return pickle.dumps(contenders, pickle.HIGHEST_PROTOCOL), details
