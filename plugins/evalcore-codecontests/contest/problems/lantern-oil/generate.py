from __future__ import annotations

from random import Random

TOP = 10**12


def tests(rng: Random) -> list[tuple[str, str]]:
    edges = [(1, 1), (1, TOP), (TOP, TOP), (2, TOP), (1, 3_000_000), (1, 4_000_000_000)]
    small = [sorted(rng.randint(1, 10_000) for _ in "ab") for _ in range(6)]
    large = [sorted(rng.randint(1, TOP) for _ in "ab") for _ in range(6)]
    return [
        (f"{a} {b}\n", kind)
        for kind, pairs in [("edge", edges), ("small", small), ("large", large)]
        for a, b in pairs
    ]


def valid(text: str) -> bool:
    a, b = map(int, text.split())
    return text == f"{a} {b}\n" and 1 <= a <= b <= TOP
