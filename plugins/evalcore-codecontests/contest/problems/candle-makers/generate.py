from __future__ import annotations

from random import Random


def tests(rng: Random) -> list[tuple[str, str]]:
    edges = [
        case(1, [(0, 1)]),
        case(1, [(10**9, 10**6)]),
        case(10**12, [(0, 1)]),
        case(10**12, [(10**9, 10**6)]),
        case(10**12, [(0, 1)] * 1000),
        case(3_000_000_000, [(5, 1), (6, 2)]),
        case(10**12, [(0, 999_999), (10**9, 1)]),
        case(2, [(10, 1), (10, 1)]),
        case(3, [(10, 1), (10, 1)]),
    ]
    small = [random_test(rng, rng.randint(1, 6), 200, 30, rng.randint(1, 80)) for _ in range(9)]
    large = [
        random_test(rng, 1000, 10**9, 10**6, 10**12),
        random_test(rng, 1000, 1000, 10, 10**12),
        random_test(rng, 700, 10**9, 10**6, 5000),
        random_test(rng, 3, 10**9, 10**6, 999_999_999_999),
    ]
    kinds = [("edge", edges), ("small", small), ("large", large)]
    return [(text, kind) for kind, texts in kinds for text in texts]


def random_test(rng: Random, n: int, s: int, t: int, candles: int) -> str:
    return case(candles, [(rng.randint(0, s), rng.randint(1, t)) for _ in range(n)])


def case(candles: int, makers: list[tuple[int, int]]) -> str:
    lines = [f"{len(makers)} {candles}", *(f"{s} {t}" for s, t in makers)]
    return "\n".join(lines) + "\n"


def valid(text: str) -> bool:
    (n, candles), *makers = (map(int, line.split()) for line in text.splitlines())
    return (
        1 <= len(makers) == n <= 1000
        and 1 <= candles <= 10**12
        and all(0 <= s <= 10**9 and 1 <= t <= 10**6 for s, t in makers)
    )
