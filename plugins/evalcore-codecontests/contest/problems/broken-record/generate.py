from __future__ import annotations

from random import Random


def tests(rng: Random) -> list[tuple[str, str]]:
    edges = [
        (1, "a"),
        (1, "aa"),
        (2, "aa"),
        (3, "aaaaaaa"),
        (7, "aaaaaaa"),
        (1, "abababa"),
        (3, "ababab"),
        (5, "ababab"),
        (6, "abcabcab"),
        (1, "aabaaabaaac"),
        (1, "aabaabaaabaabaa"),
        (4, "aabaabaaabaabaa"),
        (9, "aabaabaaabaabaa"),
        (1, "abcabcabd"),
    ]
    small = [heard(rng, "ab", rng.randint(1, 7), rng.randint(8, 50)) for _ in range(6)]
    small += [heard(rng, "abc", rng.randint(1, 5), rng.randint(8, 90)) for _ in range(6)]
    large = [
        heard(rng, "abc", 700, 3000),
        (2500, heard(rng, "ab", 7, 6000)[1]),
        (1, "a" * 19_999 + "b"),
        (15_000, "l" * 14_999 + "o" + "l" * 15_000),
    ]
    return [
        (f"{m}\n{notes}\n", kind)
        for kind, cases in [("edge", edges), ("small", small), ("large", large)]
        for m, notes in cases
    ]


def heard(rng: Random, names: str, length: int, time: int) -> tuple[int, str]:
    tune = "".join(rng.choice(names) for _ in range(length))
    start = rng.randrange(length)
    return rng.randint(1, time // 2), (tune * (time // length + 2))[start : start + time]


def valid(text: str) -> bool:
    m, notes = text.splitlines()
    return (
        1 <= int(m) <= len(notes) <= 30_000
        and notes.isascii()
        and notes.isalpha()
        and notes.islower()
    )
