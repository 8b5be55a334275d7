from __future__ import annotations

from random import Random

TOP = 10**9

Heaps = list[list[int]]


def tests(rng: Random) -> list[tuple[str, str]]:
    edges: list[Heaps] = [
        [[1]],
        [[TOP]],
        [[3, 3]],
        [[1, 2, 2, 4]],
        [[1, 1, 3], [3, 3, 1], [1, 3, 5], [2, 2, 2]],
        [[TOP, TOP - 1], [TOP, 1], [2, 1]],
        [[1, 700_000_000], [700_000_000, 1, 2]],
        [[5, 6, 6, 7, 9], [5, 7, 6, 9, 8]],
        [[4, 4, 5, 7, 8], [10, 12, 14, 11, 12]],
        [[k] for k in range(1, 101)],
    ]
    small = [[heap(rng, rng.randint(1, 8)) for _ in range(rng.randint(3, 30))] for _ in range(8)]
    large = [
        [heap(rng, 80) for _ in range(100)],
        [shuffled(rng, range(TOP - 7999, TOP + 1))],
        [shuffled(rng, [*range(1, 4000), *range(4001, 7999), 4001])],
        [shuffled(rng, range(1, 2001)), [rng.randint(1, TOP) for _ in range(3000)]],
    ]
    return [
        ("".join([f"{len(heaps)}\n", *map(lines, heaps)]), kind)
        for kind, cases in [("edge", edges), ("small", small), ("large", large)]
        for heaps in cases
    ]


def heap(rng: Random, n: int) -> list[int]:
    """A chapter, in half of the cases with one number changed to one nearby."""
    first = rng.randint(1, 1000)
    pages = shuffled(rng, range(first, first + n))
    if rng.random() < 0.5:
        pages[rng.randrange(n)] = rng.randint(first, first + n)
    return pages


def shuffled(rng: Random, pages: range | list[int]) -> list[int]:
    return rng.sample(list(pages), len(pages))


def lines(pages: list[int]) -> str:
    return f"{len(pages)}\n{' '.join(map(str, pages))}\n"


def valid(text: str) -> bool:
    first, *rest = text.splitlines()
    heaps = [[int(word) for word in line.split(" ")] for line in rest[1::2]]
    return (
        1 <= int(first) == len(heaps) <= 100
        and [int(n) for n in rest[::2]] == [len(pages) for pages in heaps]
        and sum(map(len, heaps)) <= 8000
        and all(1 <= page <= TOP for pages in heaps for page in pages)
    )
