from __future__ import annotations

from random import Random

Bridges = list[tuple[int, int]]


def tests(rng: Random) -> list[tuple[str, str]]:
    edges: list[tuple[int, Bridges]] = [
        (1, []),
        (1, [(1, 1), (1, 1)]),
        (2, []),
        (2, [(1, 2)]),
        (2, [(1, 2)] * 5),
        (2, [(1, 1), (1, 2), (2, 2)]),
        (3, [(1, 2), (1, 2), (2, 3), (1, 3)]),
        (4, [(1, 2), (3, 4), (1, 2), (3, 4)]),
        (50, [(k, k % 50 + 1) for k in range(1, 51)]),
        (4000, []),
    ]
    small = [(n, joined(rng, n, rng.randint(0, 3 * n))) for n in (2, 3, 5, 8, 12, 20, 30)]
    small += [(9, bridges(rng, 9, 14)), (20, bridges(rng, 20, 30))]
    path = [(k, k + 1) for k in range(1, 2000)]
    large = [
        (300, bridges(rng, 300, 2500)),
        (1000, joined(rng, 1000, 5000)),
        (4000, bridges(rng, 4000, 5900)),
        (2000, bridges(rng, 2000, 4000) + path),
    ]
    return [
        ("\n".join([f"{n} {len(pairs)}", *(f"{u} {v}" for u, v in pairs)]) + "\n", kind)
        for kind, cases in [("edge", edges), ("small", small), ("large", large)]
        for n, pairs in cases
    ]


def bridges(rng: Random, n: int, m: int) -> Bridges:
    return [(rng.randint(1, n), rng.randint(1, n)) for _ in range(m)]


def joined(rng: Random, n: int, more: int) -> Bridges:
    """Bridges that join all islands, and some more, in any order."""
    pairs = [(k, rng.randint(1, k - 1)) for k in range(2, n + 1)] + bridges(rng, n, more)
    rng.shuffle(pairs)
    return pairs


def valid(text: str) -> bool:
    (n, m), *pairs = ([int(word) for word in line.split(" ")] for line in text.splitlines())
    return (
        1 <= n <= 4000
        and len(pairs) == m <= 6000
        and all(1 <= min(u, v) <= max(u, v) <= n for u, v in pairs)
    )
