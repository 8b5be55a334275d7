from __future__ import annotations

from random import Random

NIGHT = 10**9

Visits = list[tuple[int, int]]


def tests(rng: Random) -> list[tuple[str, str]]:
    edges: list[Visits] = [
        [(0, 1)],
        [(3, 9), (9, 12)],
        [(9, 12), (3, 9), (12, 15)],
        [(5, 6)] * 7,
        [(0, 5), (5, 10), (2, 7), (7, 9)],
        [(k, k + 3) for k in range(0, 90, 3)],
        [(k, 100 - k) for k in range(50)],
        [(0, 10), (2, 4), (4, 6), (8, 9)],
        [(0, 400_000_000), (200_000_000, 500_000_000)],
        [(0, NIGHT)],
        [(0, NIGHT), (NIGHT - 1, NIGHT)],
    ]
    small = [visits(rng, rng.randint(2, 40), 20 + 10 * k, 30) for k in range(9)]
    large = [
        visits(rng, 1000, 2000, 500),
        visits(rng, 3000, NIGHT, NIGHT),
        visits(rng, 4000, NIGHT, 1_000_000),
        [(k, NIGHT - k) for k in range(2500)],
    ]
    return [
        ("\n".join([str(len(day)), *(f"{a} {b}" for a, b in day)]) + "\n", kind)
        for kind, days in [("edge", edges), ("small", small), ("large", large)]
        for day in days
    ]


def visits(rng: Random, n: int, end: int, longest: int) -> Visits:
    day = []
    for _ in range(n):
        a = rng.randint(0, end - 1)
        day.append((a, rng.randint(a + 1, min(end, a + longest))))
    return day


def valid(text: str) -> bool:
    (n,), *day = ([int(word) for word in line.split(" ")] for line in text.splitlines())
    return 1 <= len(day) == n <= 4000 and all(0 <= a < b <= NIGHT for a, b in day)
