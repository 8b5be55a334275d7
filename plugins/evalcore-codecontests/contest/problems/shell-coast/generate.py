from __future__ import annotations

from random import Random
from string import ascii_lowercase


def tests(rng: Random) -> list[tuple[str, str]]:
    edges = [
        "z",
        "kkkkkk",
        "ab",
        "abab",
        "abcabcabc",
        "accb" + "acb" * 3,
        ascii_lowercase,
        ascii_lowercase * 3,
        "aaaaaaaaab",
        "baaaaaaaaa",
        "abbbbbbbbc",
    ]
    small = [coast(rng, ascii_lowercase[: 2 + k % 5], rng.randint(5, 80)) for k in range(9)]
    large = [
        coast(rng, ascii_lowercase, 3000),
        coast(rng, "aaaaaaaaaabbbbbbbbbbc", 8000),
        "n" * 99_999 + "s",
    ]
    return [
        (f"{shells}\n", kind)
        for kind, coasts in [("edge", edges), ("small", small), ("large", large)]
        for shells in coasts
    ]


def coast(rng: Random, kinds: str, length: int) -> str:
    return "".join(rng.choice(kinds) for _ in range(length))


def valid(text: str) -> bool:
    (shells,) = text.splitlines()
    return 1 <= len(shells) <= 100_000 and set(shells) <= set(ascii_lowercase)
