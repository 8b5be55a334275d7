from __future__ import annotations

from random import Random

FAR = 10**9

Line = tuple[int, int, int, int]


def tests(rng: Random) -> list[tuple[str, str]]:
    edges = [
        case(1, 0, []),
        case(1, FAR, []),
        case(2, 0, []),
        case(2, 0, [(1, 2, 1, 1)]),
        case(2, 10, [(2, 1, 5, 3)]),
        case(2, FAR, [(1, 2, FAR, FAR)]),
        case(2, 1, [(1, 2, FAR, FAR)]),
        case(3, 0, [(1, 2, 4, 8), (2, 3, 8, 2)]),
        case(3, 6, [(1, 2, 3, 3), (2, 3, 9, 9), (1, 2, 2, 1)]),
        case(20, FAR, [(k, k + 1, FAR - k, FAR) for k in range(1, 20)]),
    ]
    small = [random_test(rng, rng.randint(2, 7), rng.randint(1, 12), 20) for _ in range(9)]
    large = [
        layered(rng, 3, 14),
        random_test(rng, 300, 900, 1000),
        random_test(rng, 1000, 1100, 9),
        random_test(rng, 800, 2500, 10**6),
        case(1500, 3, [(k, k + 1, FAR - 7 * k, FAR - k) for k in range(1, 1500)]),
    ]
    kinds = [("edge", edges), ("small", small), ("large", large)]
    return [(text, kind) for kind, texts in kinds for text in texts]


def random_test(rng: Random, n: int, m: int, longest: int) -> str:
    lines = []
    for _ in range(m):
        u, v = rng.sample(range(1, n + 1), 2)
        lines.append((u, v, rng.randint(1, longest), rng.randint(1, longest)))
    return case(n, rng.randint(0, longest), lines)


def layered(rng: Random, width: int, depth: int) -> str:
    """Layers of ports, each joined to all of the next: there are very many ways."""
    n = width * depth
    lines = []
    for u in range(1, n + 1):
        following = (u + width - 1) // width * width
        for v in range(following + 1, min(following + width, n) + 1):
            lines.append((u, v, rng.randint(1, 60), rng.randint(1, 60)))
    return case(n, 0, lines)


def case(n: int, s: int, lines: list[Line]) -> str:
    return (
        "\n".join([f"{n} {len(lines)} {s}", *(" ".join(map(str, line)) for line in lines)]) + "\n"
    )


def valid(text: str) -> bool:
    (n, m, s), *lines = ([int(word) for word in line.split(" ")] for line in text.splitlines())
    return (
        1 <= n <= 1500
        and len(lines) == m <= 2500
        and 0 <= s <= FAR
        and all(1 <= min(u, v) < max(u, v) <= n for u, v, _, _ in lines)
        and all(1 <= min(p, d) <= max(p, d) <= FAR for _, _, p, d in lines)
    )
