from __future__ import annotations

from random import Random


def tests(rng: Random) -> list[tuple[str, str]]:
    edges = [
        (1, [1]),
        (60, [60]),
        (1, [1] * 20),
        (6, [3, 2, 2, 5]),
        (5, [5, 5, 5]),
        (10, [9, 1, 9, 1]),
        (7, [3, 3, 1, 7]),
        (7, [1, 3, 3, 7, 1]),
        (60, [59, 1, 58, 1, 57, 60]),
    ]
    small = [text(rng, 6 + 4 * k, 5 + k) for k in range(8)]
    large = [
        text(rng, 60, 1200),
        (60, [rng.randint(1, 5) for _ in range(2500)]),
        (60, [1] * 3000),
        (30, [rng.randint(10, 30) for _ in range(3000)]),
    ]
    return [
        (f"{len(words)} {width}\n{' '.join(map(str, words))}\n", kind)
        for kind, cases in [("edge", edges), ("small", small), ("large", large)]
        for width, words in cases
    ]


def text(rng: Random, width: int, n: int) -> tuple[int, list[int]]:
    return width, [rng.randint(1, width - width // 3) for _ in range(n)]


def valid(text: str) -> bool:
    first, second = text.splitlines()
    n, width = map(int, first.split())
    words = [int(word) for word in second.split(" ")]
    return (
        1 <= len(words) == n <= 3000 and 1 <= width <= 60 and 1 <= min(words) <= max(words) <= width
    )
