from __future__ import annotations

from random import Random

LONGEST = 10**9

Pairs = list[tuple[int, int]]


def tests(rng: Random) -> list[tuple[str, str]]:
    edges: list[tuple[list[int], Pairs]] = [
        ([1], []),
        ([LONGEST], []),
        ([7], [(1, 1)]),
        ([3, 4], [(2, 1)]),
        ([3, 4], [(2, 1), (2, 1), (2, 1)]),
        ([3, 4, 100], [(1, 2), (2, 1)]),
        ([5, 5, 50], [(1, 2)]),
        ([1, 2, 4, 8], [(4, 3), (3, 2), (2, 1)]),
        ([LONGEST] * 12, [(k + 1, k) for k in range(1, 12)]),
        ([2] * 6, [(1, 2), (2, 3), (4, 5), (5, 6), (6, 4)]),
    ]
    small = [jobs(rng, n, rng.randint(n // 2, 2 * n), 50) for n in (3, 5, 6, 8, 9, 10, 12)]
    small += [chance(rng, 6, 7), chance(rng, 9, 8), chance(rng, 5, 9)]
    chain = [(k + 1, k) for k in range(1, 3000)]
    ladder = [(k, k + step) for k in range(1, 2500) for step in (1, 2)]
    large = [
        (times(rng, 2502, 9), ladder),
        jobs(rng, 3000, 5000, LONGEST),
        (times(rng, 3000, LONGEST), chain),
        (times(rng, 3000, LONGEST), [*chain, (2990, 3000)]),
    ]
    return [
        (case(minutes, pairs), kind)
        for kind, cases in [("edge", edges), ("small", small), ("large", large)]
        for minutes, pairs in cases
    ]


def times(rng: Random, n: int, longest: int) -> list[int]:
    return [rng.randint(1, longest) for _ in range(n)]


def jobs(rng: Random, n: int, m: int, longest: int) -> tuple[list[int], Pairs]:
    """Jobs that can be done: each pair goes forward in a secret order."""
    order = rng.sample(range(1, n + 1), n)
    pairs = [sorted(rng.sample(range(n), 2)) for _ in range(m)]
    return times(rng, n, longest), [(order[a], order[b]) for a, b in pairs]


def chance(rng: Random, n: int, m: int) -> tuple[list[int], Pairs]:
    return times(rng, n, 20), [(rng.randint(1, n), rng.randint(1, n)) for _ in range(m)]


def case(minutes: list[int], pairs: Pairs) -> str:
    lines = [f"{len(minutes)} {len(pairs)}", " ".join(map(str, minutes))]
    return "\n".join([*lines, *(f"{a} {b}" for a, b in pairs)]) + "\n"


def valid(text: str) -> bool:
    (n, m), minutes, *pairs = ([int(w) for w in line.split(" ")] for line in text.splitlines())
    return (
        1 <= len(minutes) == n <= 3000
        and len(pairs) == m <= 6000
        and all(1 <= t <= LONGEST for t in minutes)
        and all(1 <= min(a, b) <= max(a, b) <= n for a, b in pairs)
    )
