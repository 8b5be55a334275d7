from __future__ import annotations

from random import Random

Coats = list[tuple[int, int]]


def tests(rng: Random) -> list[tuple[str, str]]:
    edges: list[Coats] = [
        [(1, 1)],
        [(2, 1)],
        [(10**6, 10**9)],
        [(10**6, 10**6 - 1), (10**6, 10**6)],
        [(2, 2), (2, 2), (2, 4)],
        [(1, 10), (1, 10), (1, 10), (9, 9)],
        [(4, 4), (1, 5), (1, 6), (1, 7), (1, 8)],
        [(1, 100), (2, 100), (99, 99)],
        [(5, 5), (3, 6), (3, 7), (2, 9)],
        [(6, 8), (4, 9), (7, 15), (8, 20), (3, 21), (5, 22)],
        [(10**6, 10**9)] * 1200,
    ]
    small = [coats(rng, rng.randint(3, 11), 10 + k, 6) for k in range(10)]
    large = [
        coats(rng, 40, 100, 30),
        coats(rng, 1000, 5000, 900),
        coats(rng, 4000, 10**6, 2500),
        sorted(coats(rng, 2500, 10**6, 1500), reverse=True),
        [(2000 + k, 2_000_000 + 1000 * k) for k in range(3000)],
    ]
    return [
        ("\n".join([str(len(day)), *(f"{t} {d}" for t, d in day)]) + "\n", kind)
        for kind, days in [("edge", edges), ("small", small), ("large", large)]
        for day in days
    ]


def coats(rng: Random, n: int, longest: int, room: int) -> Coats:
    """Coats with time until the last owner comes for about ``room`` coats of half that length."""
    end = longest * room // 2
    return [(rng.randint(1, longest), min(10**9, rng.randint(1, end))) for _ in range(n)]


def valid(text: str) -> bool:
    (n,), *day = ([int(word) for word in line.split(" ")] for line in text.splitlines())
    return 1 <= len(day) == n <= 4000 and all(1 <= t <= 10**6 and 1 <= d <= 10**9 for t, d in day)
