from __future__ import annotations

from random import Random


def tests(rng: Random) -> list[tuple[str, str]]:
    edges = [
        (2, [(1, 3), (3, 3), (2, 3), (1, 1)]),
        (60, [(1, 1)]),
        (4, [(k, k) for k in range(1, 16)]),
        (4, [(1, k) for k in range(1, 16)]),
        (30, [(1, 2**30 - 1), (2**29, 2**30 - 1), (2**29, 2**29)]),
        (60, [(1, 2**60 - 1)]),
        (60, [(2**59, 2**59), (2**59 + 1, 2**60 - 1), (2**60 - 1, 2**60 - 1)]),
        (53, [(2**52 - 1, 2**52 + 1), (2**53 - 1, 2**53 - 1)]),
        (59, [(3 * 2**k, 5 * 2**k) for k in range(56)]),
    ]
    small = [(n, spans(rng, n, 12)) for n in (3, 4, 5, 6, 7, 8, 9, 10)]
    large = [
        (29, spans(rng, 29, 60)),
        (60, spans(rng, 60, 1000)),
        (57, spans(rng, 57, 400)),
    ]
    return [
        ("\n".join([f"{n} {len(asked)}", *(f"{a} {b}" for a, b in asked)]) + "\n", kind)
        for kind, cases in [("edge", edges), ("small", small), ("large", large)]
        for n, asked in cases
    ]


def spans(rng: Random, n: int, q: int) -> list[tuple[int, int]]:
    asked = [sorted(rng.randint(1, 2**n - 1) for _ in "lr") for _ in range(q)]
    return [(left, right) for left, right in asked]


def valid(text: str) -> bool:
    (n, q), *asked = ([int(word) for word in line.split(" ")] for line in text.splitlines())
    return (
        1 <= n <= 60
        and 1 <= len(asked) == q <= 1000
        and all(1 <= left <= right < 2**n for left, right in asked)
    )
