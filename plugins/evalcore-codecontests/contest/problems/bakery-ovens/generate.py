from __future__ import annotations

from random import Random
from string import ascii_lowercase


def tests(rng: Random) -> list[tuple[str, str]]:
    edges = [
        (1, "a"),
        (1, "z" * 50),
        (20_000, "z"),
        (2, "za"),
        (3, "zaaab"),
        (2, "zaaaaaaa"),
        (5, "abcde"),
        (7, "ggggggg" * 3 + "a"),
        (1500, "m" * 1600),
    ]
    small = [
        (rng.randint(1, 9), loaves(rng, ascii_lowercase, rng.randint(5, 60))) for _ in range(6)
    ]
    small += [(rng.randint(2, 5), loaves(rng, "abz", 40)) for _ in range(3)]
    large = [
        (300, loaves(rng, ascii_lowercase, 4000)),
        (1, loaves(rng, ascii_lowercase, 5000)),
        (15_000, loaves(rng, ascii_lowercase, 40_000)),
        (20_000, "zy" * 12_000 + "a"),
    ]
    return [
        (f"{k}\n{orders}\n", kind)
        for kind, cases in [("edge", edges), ("small", small), ("large", large)]
        for k, orders in cases
    ]


def loaves(rng: Random, kinds: str, count: int) -> str:
    return "".join(rng.choice(kinds) for _ in range(count))


def valid(text: str) -> bool:
    k, orders = text.splitlines()
    return (
        1 <= int(k) <= 20_000 and 1 <= len(orders) <= 40_000 and set(orders) <= set(ascii_lowercase)
    )
