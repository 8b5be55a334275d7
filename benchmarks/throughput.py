"""Tokens a second of an engine through evalcore, over the engine's own when it is fed directly.

    python benchmarks/throughput.py --engine transformers

The same prompts, as many tokens for each, greedy. Each measurement is a process of its own, in
interleaved rounds; within it everything is imported and has run once before the clock starts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring import CALIBRATION, environment, machine, measure, table

if TYPE_CHECKING:
    from collections.abc import Callable

SIDES = ("directly", "evalcore")
SIZES = {
    "tiny": {},
    "large": {
        "vocab_size": 8192,
        "hidden_size": 640,
        "intermediate_size": 1792,
        "num_hidden_layers": 12,
        "num_attention_heads": 10,
        "num_key_value_heads": 5,
    },
}
"""Changes to the tiny model of the tests, 0.4 million parameters; the large one has 67 million."""


@dataclass(frozen=True, slots=True)
class Load:
    """What an engine has to do: continue each of these texts by as many tokens."""

    folder: Path
    texts: list[str]
    tokens: int

    @classmethod
    def read(cls, folder: Path) -> Load:
        facts = json.loads((folder / "load.json").read_text())
        return cls(folder, facts["texts"], facts["tokens"])


def transformers_directly(load: Load) -> Callable[[], int]:
    """`model.generate` on one batch, padded on the left; the tokens that it wrote."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

    tokenizer = AutoTokenizer.from_pretrained(load.folder, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(load.folder)
    config = GenerationConfig(max_new_tokens=load.tokens, do_sample=False, pad_token_id=2)

    def generate() -> int:
        inputs = tokenizer(load.texts, return_tensors="pt", padding=True)
        with torch.inference_mode():
            ids = model.generate(**inputs, generation_config=config)
        written = ids[:, inputs["input_ids"].shape[1] :]
        tokenizer.batch_decode(written, skip_special_tokens=True)
        return written.numel()

    return generate


def transformers_model(load: Load) -> dict[str, Any]:
    """The same engine as a spec writes it."""
    return {"use": "transformers", "batch_size": len(load.texts)}


def vllm_directly(load: Load) -> Callable[[], int]:
    """`LLM.generate` on one batch; the tokens that it wrote."""
    from vllm import LLM, SamplingParams

    llm = LLM(str(load.folder), generation_config="vllm", **VLLM)
    params = SamplingParams(temperature=0, max_tokens=load.tokens)

    def generate() -> int:
        outputs = llm.generate(load.texts, params, use_tqdm=False)
        return sum(len(output.outputs[0].token_ids) for output in outputs)

    return generate


def vllm_model(load: Load) -> dict[str, Any]:
    """The same engine as a spec writes it."""
    return {"use": "vllm", "engine": VLLM}


def served_vllm_model(load: Load) -> dict[str, Any]:
    """The same behind a server beside the run."""
    return {"use": "vllm", "engine": VLLM, "serve": True}


VLLM = {"block_size": 32, "enforce_eager": True, "max_num_seqs": 256}
ENGINES = {
    "transformers": (transformers_directly, transformers_model),
    "vllm": (vllm_directly, vllm_model),
    "vllm-served": (vllm_directly, served_vllm_model),
}
"""For each engine: what feeds it directly, and the model of a spec."""


def main() -> None:
    arguments = _arguments()
    if arguments.side:
        found = measured(arguments.engine, arguments.side, Load.read(arguments.load))
        Path(arguments.load, "found.json").write_text(json.dumps(found))  # engines print, too
        return
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as scratch:
        print(f"{machine()}; calibration {measure(CALIBRATION).cpu:.2f} s of CPU")
        print(f"{arguments.prompts} prompts, {arguments.tokens} tokens each; {arguments.engine}")
        before, rows = os.getloadavg()[0], []
        for size in arguments.sizes:
            folder = Path(scratch, size)
            made(folder, size, arguments.prompts, arguments.tokens)
            rows += rounds(arguments.engine, size, folder, arguments.repeats)
        print(f"load {before:.1f} before, {os.getloadavg()[0]:.1f} at the end\n")
        print(table(["model", *(f"{side}, tokens/s" for side in SIDES), "ratio"], rows))


def made(folder: Path, size: str, prompts: int, tokens: int) -> None:
    """Write a model with random weights that never ends an answer, and what it has to do."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GenerationConfig

    from evalcore_transformers.testing import PLAIN, QUESTIONS, tiny_model

    tiny_model(folder, context=512, trained=False)
    config = AutoConfig.from_pretrained(folder, **SIZES[size], eos_token_id=None)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config)
    model.generation_config = GenerationConfig(pad_token_id=2)
    model.save_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens([f"<{i}>" for i in range(config.vocab_size - len(tokenizer))])
    tokenizer.eos_token = None
    tokenizer.save_pretrained(folder)
    questions = [PLAIN.format(question=question) for question in QUESTIONS]
    texts = [" ".join(questions[i : i + 1 + i % 4]) for i in range(prompts)]
    (folder / "load.json").write_text(json.dumps({"texts": texts, "tokens": tokens}))


def rounds(engine: str, size: str, folder: Path, repeats: int) -> list[list[str]]:
    """Rows of the table: by CPU time and by wall time, the best of each side."""
    best: dict[tuple[str, str], float] = {}
    for _ in range(repeats):
        for side in SIDES:
            command = [sys.executable, __file__, "--engine", engine, "--side", side]
            subprocess.run(
                [*command, "--load", str(folder)],
                env=environment(EVALCORE_CACHE=str(folder), VLLM_CPU_KVCACHE_SPACE="1"),
                stdout=subprocess.DEVNULL,
                check=True,
            )
            found = json.loads((folder / "found.json").read_text())
            for clock in ("cpu", "wall"):
                speed = found["tokens"] / found[clock]
                best[side, clock] = max(speed, best.get((side, clock), 0.0))
    return [
        [
            f"{size}, by {name}",
            *(f"{best[side, clock]:,.0f}" for side in SIDES),
            f"{best['evalcore', clock] / best['directly', clock]:.2f}",
        ]
        for clock, name in (("cpu", "CPU time"), ("wall", "wall time"))
    ]


def measured(engine: str, side: str, load: Load) -> dict[str, float]:
    """Tokens, and the seconds that they took."""
    directly, model = ENGINES[engine]
    if side == "directly":
        generate = directly(load)
        generate()
        return timed(generate)
    part = {"model": str(load.folder), "chat": False, "temperature": 0, **model(load)}
    if part["use"] == "vllm":
        return timed_while_open(load, part)
    through_evalcore(load, part, 1, 1)
    opening = timed(lambda: through_evalcore(load, part, 1, 1))
    whole = timed(lambda: through_evalcore(load, part, len(load.texts), load.tokens))
    # Opening the model and reading its weights is no part of what the other side is timed for.
    return {name: whole[name] - opening[name] for name in whole}


def timed_while_open(load: Load, part: dict[str, Any]) -> dict[str, float]:
    """A run from the moment at which its model is open, and warm, until the model is closed.

    An engine that takes long to start leaves nothing to be seen by a difference of two runs.
    """
    from evalcore.data import Message, Request
    from evalcore.plugins import registry

    cls = registry().find("model", part["use"]).component.load()
    opened, closed, clock = cls.open, cls.close, []

    async def open_and_warm(self: Any) -> None:
        await opened(self)
        calls = [Request((Message("user", text),), max_tokens=load.tokens) for text in load.texts]
        await asyncio.gather(*map(self.generate, calls))
        clock.append(now())

    async def note_and_close(self: Any) -> None:
        clock.append(now())
        await closed(self)

    cls.open, cls.close = open_and_warm, note_and_close
    tokens = through_evalcore(load, part, len(load.texts), load.tokens)
    begin, end = clock
    return {"tokens": tokens} | {name: end[name] - begin[name] for name in end}


def timed(work: Callable[[], int]) -> dict[str, float]:
    """What it takes to write tokens."""
    begin = now()
    tokens = work()
    end = now()
    return {"tokens": tokens} | {name: end[name] - begin[name] for name in end}


def now() -> dict[str, float]:
    """Seconds of CPU, of this process and of those that it has started, and of the clock."""
    import psutil

    this = psutil.Process()
    used = [process.cpu_times() for process in (this, *this.children(recursive=True))]
    return {"cpu": sum(times.user + times.system for times in used), "wall": time.perf_counter()}


def through_evalcore(load: Load, part: dict[str, Any], prompts: int, tokens: int) -> int:
    """A whole run, as `evalcore run` does it; the tokens that its records count."""
    from evalcore.rundir import open_store
    from evalcore.session import run_spec
    from evalcore.spec import load_spec

    with tempfile.TemporaryDirectory(dir=load.folder) as folder:
        rows = ({"question": text, "answer": ""} for text in load.texts)
        Path(folder, "task.jsonl").write_text("\n".join(map(json.dumps, rows)))
        spec = {
            "evalcore": 1,
            "name": "throughput",
            "task": {"use": "jsonl", "path": "task.jsonl"},
            "models": {"engine": {**part, "max_tokens": tokens}},
            "strategy": "single",
            "limits": {"concurrency": len(load.texts)},
            "reports": [],
        }
        file = Path(folder, "spec.yaml")
        file.write_text(json.dumps(spec))
        outcome = run_spec(load_spec(file), Path(folder, "run"), limit=prompts)
        assert outcome.code == 0, outcome
        store = open_store(Path(folder, "run"))
        try:
            return sum(record.usage.completion_tokens for record in store.records())
        finally:
            store.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=ENGINES, default="transformers")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--prompts", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--scratch", type=Path, help="where runs and models go for a moment")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--load", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
