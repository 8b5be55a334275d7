from __future__ import annotations

from random import Random


def tests(rng: Random) -> list[tuple[str, str]]:
    edges = [
        [],
        [1],
        [1, 1],
        [1, 2],
        [1] * 30,
        [1, *[2] * 20],
        [1, 1, 2, 3],
        [1, 1, 2, 3, 4, 5],
        [1, 1, 2, 3, 4, 5, 6],
        [1, 2, 3, 4, 1, 6, 7],
        list(range(1, 60)),
    ]
    small = [tree(rng, n, 1 + n // 3) for n in (4, 5, 6, 7, 9, 12, 20, 40)]
    large = [
        tree(rng, 2000, 2000),
        list(range(1, 8000)),
        tree(rng, 8000, 6),
        [1, *range(1, 6999), *[6999] * 900],
    ]
    return [
        (f"{len(parents) + 1}\n{' '.join(map(str, parents))}\n", kind)
        for kind, trees in [("edge", edges), ("small", small), ("large", large)]
        for parents in trees
    ]


def tree(rng: Random, n: int, reach: int) -> list[int]:
    """A random tree; the smaller the reach back to a parent, the longer it gets."""
    return [rng.randint(max(1, k - reach), k) for k in range(1, n)]


def valid(text: str) -> bool:
    first, second = text.splitlines()
    parents = [int(word) for word in second.split()]
    return 1 <= int(first) == len(parents) + 1 <= 8000 and all(
        1 <= parent <= k for k, parent in enumerate(parents, 1)
    )
