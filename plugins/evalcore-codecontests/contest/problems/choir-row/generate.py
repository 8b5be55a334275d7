from __future__ import annotations

from random import Random

MOST = 10**6

Table = list[list[int]]


def tests(rng: Random) -> list[tuple[str, str]]:
    edges = [
        [[0]],
        [[0, -5], [-3, 0]],
        constant(3, -MOST),
        constant(12, MOST),
        constant(12, -MOST),
        constant(9, 0),
        cycle(11),
        [[0, 10, 9], [0, 0, 0], [0, 9, 0]],
    ]
    small = [table(rng, n, -20, 20) for n in (3, 4, 5, 6, 6, 7)]
    small += [table(rng, 6, -MOST, -1), table(rng, 7, 0, 1)]
    large = [
        table(rng, 12, -MOST, MOST),
        table(rng, 12, -MOST, -MOST // 2),
        table(rng, 11, 0, 3),
        table(rng, 12, -9, 9),
    ]
    return [
        ("\n".join([str(len(h)), *(" ".join(map(str, row)) for row in h)]) + "\n", kind)
        for kind, tables in [("edge", edges), ("small", small), ("large", large)]
        for h in tables
    ]


def constant(n: int, harmony: int) -> Table:
    return [[0 if i == j else harmony for j in range(n)] for i in range(n)]


def cycle(n: int) -> Table:
    return [[7 if j == (i + 5) % n else 0 for j in range(n)] for i in range(n)]


def table(rng: Random, n: int, low: int, high: int) -> Table:
    return [[0 if i == j else rng.randint(low, high) for j in range(n)] for i in range(n)]


def valid(text: str) -> bool:
    first, *lines = text.splitlines()
    h = [[int(word) for word in line.split(" ")] for line in lines]
    return (
        1 <= int(first) == len(h) <= 12
        and all(len(row) == len(h) and row[i] == 0 for i, row in enumerate(h))
        and all(-MOST <= harmony <= MOST for row in h for harmony in row)
    )
