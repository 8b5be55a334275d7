"""The recipe: three stages on problems without end, with checkpoints from which it goes on exactly.

The first stage has statements and programs. Then the model tries problems, and its wrong programs
are judged. The second stage has dialogues of all forms, and such in which its own wrong programs
are repaired; so has the third, with the wrong programs that are its own by then. The rate of
learning rises at the beginning, stays, and falls to nothing over the last part of the budget; so
what is there goes on well with a larger budget, in the stage it is in.
"""

from __future__ import annotations

import io
import json
import time
from dataclasses import asdict, dataclass
from itertools import chain, islice
from random import Random
from statistics import fmean
from typing import TYPE_CHECKING, Any

import torch
from transformers import GenerationConfig, PreTrainedTokenizerFast

from evalcore.data import Feedback
from evalcore_microcoder.training.architecture import SHAPES, new_model
from evalcore_microcoder.training.batches import batches
from evalcore_microcoder.training.dialogue import Encoder
from evalcore_microcoder.training.dialogues import Exercise, Wrong, mixed, programs, repairs
from evalcore_microcoder.training.learner import Learner
from evalcore_microcoder.training.tokenizer import new_tokenizer
from evalcore_microcoder.training.trials import pass_rate, wrong_programs
from evalcore_microcoder.world import problems

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from evalcore_microcoder.training.batches import Batch
    from evalcore_microcoder.training.dialogue import Dialogue
    from evalcore_microcoder.world import Problem

__all__ = ["Options", "Recipe"]

_STAGES = (0.5, 0.75, 1.0)
"""Parts of the budget that are spent when the stages end."""
_WARM_UP = 60
"""Steps over which the rate rises."""
_FALL = 0.35
"""Part of the budget, at its end, over which the rate falls."""
_POOL = 512
"""Dialogues that are drawn at a time, and batched by their lengths."""
_OWN = 0.25
"""Part of a pool that are repairs of own programs, where there are any."""
_POOLS = 1_000_000
"""Pools that a seed has at most; the first is the one whose problems are tried."""
_TOKENIZED = 3000
"""Dialogues that the tokenizer is made from."""
_ATTEMPTS = 4
"""At each problem that is tried."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is trained, on what, and how long.

    Attributes:
        size: name of the size.
        folder: where all is kept: the tokenizer, which the sizes share, and for each size the
            checkpoint and the model.
        seed: of the weights, the problems and the dialogues.
        steps: budget in steps; with `None` it is in seconds.
        seconds: budget in seconds of wall time, in all sessions together.
        tokens: of a batch, at most; one step is one batch.
        tried: problems that the model tries after each stage but the last.
        tested: validation problems that progress is measured by.
        device: where it computes.
        pause: seconds between checkpoints, and between lines of progress.
    """

    size: str
    folder: Path
    seed: int = 0
    steps: int | None = None
    seconds: float = 3600.0
    tokens: int = 2048
    tried: int = 600
    tested: int = 128
    device: str = "cpu"
    pause: float = 60.0


@dataclass(slots=True)
class _Place:
    """How far training is: the stage, steps and seconds spent, the pool, the next batch in it."""

    stage: int = 1
    step: int = 0
    seconds: float = 0.0
    pool: int = 1
    batch: int = 0


class Recipe:
    """One training, from its beginning or from where it was left."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._folder = options.folder / options.size
        self._folder.mkdir(parents=True, exist_ok=True)
        self._place = _Place()
        self._tokenizer = _tokenizer(options.folder / "tokenizer", options.seed)
        self._encoder = Encoder(self._tokenizer)
        torch.manual_seed(options.seed)
        shape = SHAPES[options.size]
        self._learner = Learner(
            new_model(options.size, self._tokenizer),
            torch.device(options.device),
            rate=shape.rate,
            decay=shape.decay,
            dropout=shape.dropout,
        )
        self._tests = self._validation()
        self._own: list[Exercise] = []
        if self._checkpoint.exists():
            self._resume()

    @property
    def model(self) -> Path:
        """The folder that the model is written to."""
        return self._folder / "model"

    def run(self) -> None:
        """Train until the budget is spent, then write the model."""
        self._say(f"{self._learner.size} parameters, {len(self._tokenizer)} pieces")
        for until in _STAGES[self._place.stage - 1 :]:
            self._own = self._read_own()
            self._learn(until)
            if until < 1.0:
                self._try()
                self._place.stage += 1
        self._write()
        self._say(f"done; {self._passed()}")

    @property
    def _checkpoint(self) -> Path:
        return self._folder / "checkpoint.pt"

    def _own_file(self, stage: int) -> Path:
        """Where the model's wrong programs are that are learned from in a stage."""
        return self._folder / f"own-{stage}.jsonl"

    @property
    def _progress(self) -> float:
        """The part of the budget that is spent."""
        if self._options.steps is not None:
            return self._place.step / self._options.steps
        return self._place.seconds / self._options.seconds

    @property
    def _rate(self) -> float:
        """What the learning rate is multiplied with now."""
        rise = (self._place.step + 1) / _WARM_UP
        return max(0.0, min(1.0, rise, (1.0 - self._progress) / _FALL))

    @property
    def _step_seed(self) -> int:
        """Of what is left out at random in the next step."""
        return Random(f"{self._options.seed} step {self._place.step}").getrandbits(63)  # noqa: S311

    def _learn(self, until: float) -> None:
        place, begun = self._place, time.monotonic() - self._place.seconds
        saved, tokens, losses = place.seconds, 0, []
        while self._progress < until:
            pool = self._pool(place.pool)
            for batch in pool[place.batch :]:
                torch.manual_seed(self._step_seed)
                losses.append(self._learner.learn(batch, self._rate))
                tokens += batch.ids.numel()
                place.step, place.batch = place.step + 1, place.batch + 1
                place.seconds = time.monotonic() - begun
                if place.seconds - saved >= self._options.pause or self._progress >= until:
                    self._report(fmean(losses), tokens / (place.seconds - saved))
                    self._save()
                    saved, tokens, losses = place.seconds, 0, []
                if self._progress >= until:
                    break
            else:
                place.pool, place.batch = place.pool + 1, 0

    def _pool(self, number: int) -> list[Batch]:
        """The batches of a pool, which follow from its number and the stage."""
        rng = Random(f"{self._options.seed} {number}")  # noqa: S311
        drawn = problems("training", self._options.seed * _POOLS + number)
        exercises = map(Exercise, drawn)
        if self._place.stage == 1:
            return self._batches(programs(islice(exercises, _POOL), rng), rng)
        own = rng.sample(self._own, min(len(self._own), int(_OWN * _POOL)))
        rest = islice(exercises, _POOL - len(own))
        return self._batches(chain(mixed(rest, rng), repairs(own, rng)), rng)

    def _try(self) -> None:
        """Let the model try problems, and keep its wrong programs for the next stage."""
        file = self._own_file(self._place.stage + 1)
        if file.exists() or not self._options.tried:
            return
        self._write()
        self._say(f"end of stage {self._place.stage}; {self._passed()}")
        found = wrong_programs(self.model, self._tried(), attempts=_ATTEMPTS)
        lines = [
            json.dumps({"problem": problem.id, "wrong": [_plain(one) for one in wrong]}) + "\n"
            for problem, wrong in found
        ]
        _replace(file, "".join(lines).encode())
        self._say(f"of {self._options.tried} problems tried {len(lines)} have wrong programs")

    def _tried(self) -> list[Problem]:
        first = problems("training", self._options.seed * _POOLS)
        return list(islice(first, self._options.tried))

    def _read_own(self) -> list[Exercise]:
        """Problems with the model's own wrong programs."""
        file = self._own_file(self._place.stage)
        if not file.exists():
            return []
        known = {problem.id: problem for problem in self._tried()}
        rows = map(json.loads, file.read_text("utf-8").splitlines())
        return [Exercise(known[row["problem"]], [*map(_wrong, row["wrong"])]) for row in rows]

    def _held_out(self) -> list[Problem]:
        return list(islice(problems("validation"), self._options.tested))

    def _validation(self) -> dict[str, list[Batch]]:
        """What progress is measured by: programs, and repairs of mistakes."""
        exercises = [Exercise(problem) for problem in self._held_out()]
        return {
            name: self._batches(write(exercises, Random(name)), Random(name))  # noqa: S311
            for name, write in (("programs", programs), ("repairs", repairs))
        }

    def _batches(self, dialogues: Iterable[Dialogue], rng: Random) -> list[Batch]:
        return batches(map(self._encoder, dialogues), self._options.tokens, rng)

    def _report(self, loss: float, speed: float) -> None:
        tests = (
            f"{name} {loss:.4f} ({right:.1%} right)"
            for name, batches in self._tests.items()
            for loss, right in (self._learner.test(batches),)
        )
        self._say(f"loss {loss:.4f}, {speed:.0f} tokens/s; validation: {', '.join(tests)}")

    def _passed(self) -> str:
        return f"pass@1 on validation problems {pass_rate(self.model, self._held_out(), 2):.3f}"

    def _say(self, words: str) -> None:
        place = self._place
        print(
            f"{place.seconds:6.0f} s {self._progress:4.0%} step {place.step}: {words}", flush=True
        )

    def _write(self) -> None:
        """Write the model as it is now, complete with its tokenizer."""
        ends = self._tokenizer.eos_token_id
        model = self._learner.model
        model.generation_config = GenerationConfig(
            do_sample=True, temperature=1.0, top_p=0.95, eos_token_id=ends, top_k=0
        )
        model.save_pretrained(self.model)
        self._tokenizer.save_pretrained(self.model)

    def _save(self) -> None:
        state = {"place": asdict(self._place), "learner": self._learner.state()}
        file = io.BytesIO()
        torch.save(state, file)
        _replace(self._checkpoint, file.getvalue())

    def _resume(self) -> None:
        state = torch.load(self._checkpoint, map_location=self._options.device)
        self._place = _Place(**state["place"])
        self._learner.restore(state["learner"])


def _tokenizer(folder: Path, seed: int) -> PreTrainedTokenizerFast:
    """The tokenizer in a folder; it is made from dialogues of all forms if it is not there."""
    if not folder.exists():
        exercises = map(Exercise, problems("training", seed * _POOLS))
        dialogues = mixed(islice(exercises, _TOKENIZED), Random(seed))  # noqa: S311
        texts = [turn.content for dialogue in dialogues for turn in dialogue.turns]
        new_tokenizer(texts).save_pretrained(folder)
    return PreTrainedTokenizerFast.from_pretrained(folder)


def _plain(one: Wrong) -> dict[str, Any]:
    """A wrong program as JSON has it."""
    return {"program": one.program, "told": one.feedback.details}


def _wrong(plain: dict[str, Any]) -> Wrong:
    return Wrong(plain["program"], Feedback(passed=False, details=plain["told"]))


def _replace(path: Path, content: bytes) -> None:
    """Write a file such that it is there as a whole or as it was."""
    new = path.with_suffix(".new")
    new.write_bytes(content)
    new.replace(path)
