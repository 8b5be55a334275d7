from __future__ import annotations

from random import Random


def tests(rng: Random) -> list[tuple[str, str]]:
    edges = [
        ["x"],
        ["level"],
        ["a", "a"],
        ["noon"] * 7,
        ["ab", "ba", "ab", "ba", "ab"],
        ["abc", "abc", "cba"],
        ["reviled", "deliver", "deliver", "civic", "civic", "civic"],
        ["abcdefghij", "jihgfedcba", "abcdefghij"],
        ["ab", "abc", "cb", "c"],
    ]
    small = [words(rng, rng.randint(2, 40), "ab", 3) for _ in range(5)]
    small += [words(rng, rng.randint(20, 80), "abc", 4) for _ in range(4)]
    large = [
        words(rng, 3000, "xyz", 10),
        words(rng, 15_000, "abcdefgh", 3),
        ["o"] * 15_000,
    ]
    return [
        (f"{len(entries)}\n{' '.join(entries)}\n", kind)
        for kind, lists in [("edge", edges), ("small", small), ("large", large)]
        for entries in lists
    ]


def words(rng: Random, count: int, letters: str, longest: int) -> list[str]:
    return [
        "".join(rng.choice(letters) for _ in range(rng.randint(1, longest))) for _ in range(count)
    ]


def valid(text: str) -> bool:
    n, line = text.splitlines()
    entries = line.split(" ")
    return 1 <= len(entries) == int(n) <= 15_000 and all(
        1 <= len(word) <= 10 and word.isascii() and word.islower() and word.isalpha()
        for word in entries
    )
