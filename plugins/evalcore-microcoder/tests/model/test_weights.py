"""The weights that ship: small, of all sizes, and the largest writes the best programs."""

from __future__ import annotations

from pathlib import Path

import evalcore_microcoder

WEIGHTS = Path(evalcore_microcoder.__file__).with_name("weights")
SIZES = ["s", "m", "l"]


def test_the_weights_are_small():
    files = {size: WEIGHTS / size / "model.safetensors" for size in SIZES}
    bytes_of = [files[size].stat().st_size for size in SIZES]
    assert bytes_of == sorted(bytes_of)
    assert sum(bytes_of) < 15e6


def test_all_sizes_have_one_tokenizer():
    assert len({(WEIGHTS / size / "tokenizer.json").read_bytes() for size in SIZES}) == 1


def test_the_largest_writes_the_best_programs(evalcore_run):
    run = evalcore_run(
        {
            "task": {"use": "microcontest", "problems": 30},
            "models": {"coder": {"use": "microcoder"}},
            "attempts": 4,
            "metrics": [{"use": "mean"}],
            "sweep": {"models.coder.size": ["s", "l"]},
        }
    )
    assert run.outcome.code == 0
    small, large = (run.value("mean", f"size={size}") for size in ("s", "l"))
    assert 0.2 < large < 0.8
    assert small < large - 0.1
