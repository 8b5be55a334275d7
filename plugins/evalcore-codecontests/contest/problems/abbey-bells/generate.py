from __future__ import annotations

from random import Random

END = 10**18


def tests(rng: Random) -> list[tuple[str, str]]:
    edges = [
        (1, 1, [1]),
        (1, 1, [2]),
        (7, 7, [7]),
        (6, 12, [6, 6, 6]),
        (1, 600_000_000, [2, 3]),
        (999_999_000, 1_000_000_000, [10**9, 999_999_937]),
        (1, END, [1]),
        (END, END, [10**9]),
        (1, END, [10**9, 999_999_937, 999_999_929, 999_999_893]),
        (END - 1000, END, [2, 4, 8, 16, 500_000_000]),
        (1, END, [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]),
    ]
    small = [case(rng, rng.randint(1, 6), 30, 400) for _ in range(9)]
    large = [
        case(rng, 12, 10**9, END),
        case(rng, 12, 1000, END),
        case(rng, 11, 60, END),
        (1, END, [10**9 - k for k in range(12)]),
        (123_456_789, END - 1, [2**k for k in range(29, 17, -1)]),
    ]
    return [
        (f"{len(bells)} {left} {right}\n{' '.join(map(str, bells))}\n", kind)
        for kind, cases in [("edge", edges), ("small", small), ("large", large)]
        for left, right, bells in cases
    ]


def case(rng: Random, n: int, most: int, end: int) -> tuple[int, int, list[int]]:
    left, right = sorted(rng.randint(1, end) for _ in "lr")
    return left, right, [rng.randint(2, most) for _ in range(n)]


def valid(text: str) -> bool:
    (n, left, right), bells = ([int(w) for w in line.split(" ")] for line in text.splitlines())
    return (
        1 <= len(bells) == n <= 12
        and 1 <= left <= right <= END
        and all(1 <= a <= 10**9 for a in bells)
    )
