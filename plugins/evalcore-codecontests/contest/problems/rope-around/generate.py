from __future__ import annotations

from math import cos, gcd, pi, sin
from random import Random

FAR = 100_000_000

Posts = list[tuple[int, int]]


def tests(rng: Random) -> list[tuple[str, str]]:
    edges: list[tuple[int, Posts]] = [
        (1, [(0, 0)]),
        (1000, [(FAR, -FAR)]),
        (3, [(5, 5)] * 4),
        (2, [(0, 0), (3, 4)]),
        (2, [(0, 0), (1, 1), (2, 2), (3, 3)]),
        (1, [(2, 0), (0, 0), (1, 0), (2, 0), (0, 0)]),
        (1, [(0, k) for k in range(-5, 6)]),
        (1, [(x, y) for x in range(4) for y in range(4)]),
        (1000, [(FAR, FAR), (-FAR, -FAR), (FAR, -FAR), (-FAR, FAR)]),
        (1, [(0, 0), (FAR, 1), (-FAR, -1)]),
        (7, [(0, 0), (4, 0), (8, 0), (4, 3), (4, 3), (2, 1)]),
    ]
    small = [(rng.randint(1, 9), posts(rng, rng.randint(3, 25), 10 + 30 * k)) for k in range(8)]
    large = [
        (rng.randint(1, 1000), posts(rng, 500, FAR)),
        (1, posts(rng, 1500, 20)),
        (10, [ring(2 * pi * rng.random(), FAR * 0.99) for _ in range(1000)]),
        (25, polygon(2500)),
    ]
    return [
        ("\n".join([f"{len(centres)} {r}", *(f"{x} {y}" for x, y in centres)]) + "\n", kind)
        for kind, cases in [("edge", edges), ("small", small), ("large", large)]
        for r, centres in cases
    ]


def posts(rng: Random, n: int, far: int) -> Posts:
    return [(rng.randint(-far, far), rng.randint(-far, far)) for _ in range(n)]


def ring(angle: float, radius: float) -> tuple[int, int]:
    return round(radius * cos(angle)), round(radius * sin(angle))


def polygon(n: int) -> Posts:
    """The n corners of a convex polygon: its sides are short vectors of all directions in turn."""
    quarter = sorted(
        ((x, y) for x in range(1, 60) for y in range(60) if gcd(x, y) == 1),
        key=lambda side: side[1] / side[0],
    )[: n // 4 + 1]
    sides = quarter + [(-y, x) for x, y in quarter]
    sides += [(-x, -y) for x, y in sides]
    corners, x, y = [], 0, 0
    for right, up in sides:
        x, y = x + right, y + up
        corners.append((x, y))
    return corners[:n]


def valid(text: str) -> bool:
    (n, r), *centres = ([int(word) for word in line.split(" ")] for line in text.splitlines())
    return (
        1 <= len(centres) == n <= 2500
        and 1 <= r <= 1000
        and all(-FAR <= x <= FAR and -FAR <= y <= FAR for x, y in centres)
    )
