from __future__ import annotations

from random import Random

MOST = 100_000


def tests(rng: Random) -> list[tuple[str, str]]:
    edges = [
        [(1, 0, 0)],
        [(1, 1, 1), (1, 0, 1), (1, 1, 0)],
        [(3, 2, 2), (3, 2, 1), (3, 2, 0), (3, 2, 3)],
        [(7, 4, 1), (7, 3, 2), (7, 3, 1), (8, 4, 1), (7, 4, 2)],
        [(5, 5, 0), (5, 5, 1), (5, 1, 5), (5, 2, 5), (5, 0, 5)],
        [(40, 20, 0), (67, 33, 0), (68, 34, 0)],
        [(40_000, 20_000, 0)],
        [(MOST, MOST, MOST)],
        [(MOST, 0, MOST), (MOST, 1, MOST), (MOST, MOST, 0)],
        [(MOST, 2, MOST - 2), (MOST, 2, MOST - 1), (MOST, 2, MOST - 3)],
    ]
    small = [[garland(rng, rng.randint(1, 16), 4) for _ in range(8)] for _ in range(6)]
    small += [[garland(rng, rng.randint(1, 16), 1) for _ in range(8)] for _ in range(3)]
    large = [
        [garland(rng, 1000, 5) for _ in range(50)],
        [garland(rng, rng.randint(1, MOST), 3) for _ in range(200)],
        [(MOST - i, 40_000 + 9 * i, 1) for i in range(200)],
    ]
    return [
        ("\n".join([str(len(q)), *(f"{n} {k} {d}" for n, k, d in q)]) + "\n", kind)
        for kind, cases in [("edge", edges), ("small", small), ("large", large)]
        for q in cases
    ]


def garland(rng: Random, n: int, apart: int) -> tuple[int, int, int]:
    d = rng.randint(0, min(n, apart))
    return n, rng.randint(0, min(n, n // (d + 1) + 1)), d


def valid(text: str) -> bool:
    q, *lines = text.splitlines()
    garlands = [tuple(map(int, line.split(" "))) for line in lines]
    return 1 <= len(garlands) == int(q) <= 200 and all(
        1 <= n <= MOST and 0 <= k <= n and 0 <= d <= n for n, k, d in garlands
    )
