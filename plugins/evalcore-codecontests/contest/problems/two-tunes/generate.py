from __future__ import annotations

from random import Random
from string import ascii_lowercase


def tests(rng: Random) -> list[tuple[str, str]]:
    edges = [
        ("a", "a"),
        ("a", "b"),
        ("a", "z"),
        ("ab", "ba"),
        ("abc", "b"),
        ("b", "acb"),
        ("ba", "ab"),
        ("aab", "baa"),
        ("abab", "bcbc"),
        ("z" * 30, "y" * 20),
    ]
    small = [(tune(rng, "abc", 5), tune(rng, "bcd", 6)) for _ in range(4)]
    small += [(tune(rng, "abcdefg", 6), tune(rng, "abcdefg", 6)) for _ in range(5)]
    large = [
        (tune(rng, ascii_lowercase, 300), tune(rng, ascii_lowercase, 500)),
        (tune(rng, "ceg", 800), "e"),
        ("g" * 800, "g" * 800),
        (tune(rng, "cdefgab", 800), tune(rng, "cdefgab", 800)),
    ]
    return [
        (f"{first}\n{second}\n", kind)
        for kind, pairs in [("edge", edges), ("small", small), ("large", large)]
        for first, second in pairs
    ]


def tune(rng: Random, notes: str, length: int) -> str:
    return "".join(rng.choice(notes) for _ in range(length))


def valid(text: str) -> bool:
    tunes = text.splitlines()
    return len(tunes) == 2 and all(
        1 <= len(tune) <= 800 and set(tune) <= set(ascii_lowercase) for tune in tunes
    )
