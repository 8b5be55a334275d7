"""The training loop of all networks."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn.functional import cross_entropy, mse_loss

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from evalcore_implicit.estimators.modules.network import Network
    from evalcore_implicit.estimators.settings import Training

    Batch = tuple[Tensor, Tensor]
    Loss = Callable[[Tensor, Tensor], Tensor]

__all__ = ["Trained", "train"]

_REMEDY = (
    "lower `learning_rate`, set `clip` (such as 1.0), set `standardize: true` if the data are "
    "large numbers, or set a `constraint` if an implicit model has none"
)


class Trained(NamedTuple):
    """What came of a training.

    Attributes:
        epochs: that were made.
        seconds: of the processor that they took.
        loss: mean over the batches of the epoch whose weights were kept, each before its step.
        held_out: loss on the samples that were held out, with the weights that were kept; `None`
            if there were none.
    """

    epochs: int
    seconds: float
    loss: float
    held_out: float | None


def train(
    network: Network,
    inputs: Tensor,
    targets: Tensor,
    settings: Training,
    *,
    generator: torch.Generator,
    tell: Callable[[float], None],
) -> Trained:
    """Fit the weights of a network, in place.

    Args:
        network: with the weights to begin with.
        inputs: shape (samples, ...), as the network takes them.
        targets: values of shape (samples, outputs), or classes of shape (samples,).
        settings: of the training.
        generator: draws what is held out, and the order of batches.
        tell: takes how much is done, from 0 to 1.

    Raises:
        EvalcoreError: if nothing is left to learn from, or if the loss, its gradient or a weight
            becomes infinite or NaN; the text tells the epoch.
    """
    loss_of: Loss = mse_loss if targets.is_floating_point() else cross_entropy
    kept, held = _split(inputs, targets, settings, generator)
    best = _Best(network) if held is not None else None
    optimizer = _optimizer(network, settings)
    schedule = _schedule(optimizer, settings)
    # The first optimiser of a process takes a second or two to load.
    start = time.process_time()
    epoch, loss = 0, float("nan")
    for epoch in range(1, settings.epochs + 1):
        network.train()
        loss = _epoch(network, kept, loss_of, optimizer, settings, generator, epoch)
        if schedule is not None:
            schedule.step()
        if best is not None and held is not None:
            best.see(_evaluated(network, held, loss_of, epoch), loss, epoch)
            if settings.patience is not None and epoch - best.epoch >= settings.patience:
                break
        tell(epoch / settings.epochs)
    tell(1.0)
    seconds = time.process_time() - start
    if best is not None:
        best.restore()
        return Trained(epoch, seconds, best.loss, best.held_out)
    _check_finite(
        "a weight", sum(float(w.detach().abs().sum()) for w in network.parameters()), epoch
    )
    return Trained(epoch, seconds, loss, None)


def _epoch(
    network: Network,
    samples: Batch,
    loss_of: Loss,
    optimizer: Optimizer,
    settings: Training,
    generator: torch.Generator,
    epoch: int,
) -> float:
    """Make a step for each batch; the mean loss of a sample."""
    limit = float("inf") if settings.clip is None else settings.clip
    total = 0.0
    for inputs, targets in _batches(samples, settings.batch_size, generator):
        optimizer.zero_grad()
        with _telling(epoch):
            loss = loss_of(network(inputs), targets)
        _check_finite("the loss", loss.item(), epoch)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(network.parameters(), limit)
        _check_finite("the gradient", norm.item(), epoch)
        optimizer.step()
        with _telling(epoch):
            network.project_()
        total += loss.item() * len(inputs)
    return total / len(samples[0])


@contextmanager
def _telling(epoch: int) -> Iterator[None]:
    """An implicit layer refuses weights and states that are not finite; say when that was."""
    try:
        yield
    except ValueError as error:
        raise EvalcoreError(f"in epoch {epoch}, {error}: {_REMEDY}") from error


def _batches(samples: Batch, size: int | None, generator: torch.Generator) -> Iterator[Batch]:
    inputs, targets = samples
    if size is None or size >= len(inputs):
        yield samples
        return
    for chosen in torch.split(torch.randperm(len(inputs), generator=generator), size):
        yield inputs[chosen], targets[chosen]


def _split(
    inputs: Tensor, targets: Tensor, settings: Training, generator: torch.Generator
) -> tuple[Batch, Batch | None]:
    """What is learned from, and what is held out."""
    if settings.validation == 0:
        return (inputs, targets), None
    count = max(1, round(settings.validation * len(inputs)))
    if count >= len(inputs):
        raise EvalcoreError(
            f"`validation: {settings.validation}` holds out all of {len(inputs)} samples: lower "
            "it, or learn from more"
        )
    if settings.held_out == "last":
        order = torch.arange(len(inputs))
    else:
        order = torch.randperm(len(inputs), generator=generator)
    kept, held = order[:-count], order[-count:]
    return (inputs[kept], targets[kept]), (inputs[held], targets[held])


def _evaluated(network: Network, samples: Batch, loss_of: Loss, epoch: int) -> float:
    network.eval()
    with torch.no_grad(), _telling(epoch):
        loss = loss_of(network(samples[0]), samples[1]).item()
    _check_finite("the loss on the held-out samples", loss, epoch)
    return loss


def _optimizer(network: Network, settings: Training) -> Optimizer:
    weights = list(network.parameters())
    rate, decay = settings.learning_rate, settings.weight_decay
    if settings.optimizer == "sgd":
        return torch.optim.SGD(weights, rate, momentum=settings.momentum, weight_decay=decay)
    if settings.optimizer == "adamw":
        return torch.optim.AdamW(weights, rate, weight_decay=decay)
    return torch.optim.Adam(weights, rate, weight_decay=decay)


def _schedule(optimizer: Optimizer, settings: Training) -> LRScheduler | None:
    if settings.schedule == "exponential":
        return torch.optim.lr_scheduler.ExponentialLR(optimizer, settings.decay)
    if settings.schedule == "cosine":
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.epochs)
    return None


def _check_finite(what: str, value: float, epoch: int) -> None:
    if value - value != 0:
        raise EvalcoreError(f"{what} became {value} in epoch {epoch}: {_REMEDY}")


class _Best:
    """The weights with the lowest loss on what is held out."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._weights: dict[str, Tensor] = {}
        self.epoch, self.loss, self.held_out = 0, float("nan"), float("inf")

    def see(self, held_out: float, loss: float, epoch: int) -> None:
        """Keep the weights if they are better than those before."""
        if held_out < self.held_out:
            state = self._network.state_dict()
            self._weights = {name: weight.clone() for name, weight in state.items()}
            self.epoch, self.loss, self.held_out = epoch, loss, held_out

    def restore(self) -> None:
        """Give the network the weights that were kept."""
        self._network.load_state_dict(self._weights)
