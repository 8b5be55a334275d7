from __future__ import annotations

from random import Random

TALLEST = 10**9


def tests(rng: Random) -> list[tuple[str, str]]:
    edges = [
        [1],
        [TALLEST],
        [5, 5],
        [7] * 40,
        [3, 1, 3, 1, 3],
        [4, 4, 2, 4, 2, 2, 5, 5],
        list(range(1, 60)),
        list(range(60, 0, -1)),
        [TALLEST, 1, TALLEST - 1, 1, TALLEST],
        [2, 1, 1, 1, 1, 2],
    ]
    small = [houses(rng, rng.randint(3, 60), 3 + 5 * k) for k in range(9)]
    large = [
        houses(rng, 2000, TALLEST),
        houses(rng, 6000, 9),
        [30_000 - 2 * k for k in range(15_000)],
    ]
    return [
        (f"{len(row)}\n{' '.join(map(str, row))}\n", kind)
        for kind, rows in [("edge", edges), ("small", small), ("large", large)]
        for row in rows
    ]


def houses(rng: Random, n: int, tallest: int) -> list[int]:
    return [rng.randint(1, tallest) for _ in range(n)]


def valid(text: str) -> bool:
    n, line = text.splitlines()
    heights = [int(word) for word in line.split(" ")]
    return 1 <= len(heights) == int(n) <= 15_000 and all(1 <= h <= TALLEST for h in heights)
