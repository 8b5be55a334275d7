from __future__ import annotations

from random import Random


def tests(rng: Random) -> list[tuple[str, str]]:
    edges = [
        ask("s", [(1, 1)] * 3),
        ask("sr", [(1, 2), (1, 1), (2, 2)]),
        ask("srfsrfsrf", [(k, k) for k in range(1, 10)]),
        ask("srfsrfsrf", [(k, 9) for k in range(1, 10)]),
        ask("rrrrrrrr", [(1, 8), (2, 7), (8, 8)]),
        ask("ssssrssss", [(4, 5), (5, 6), (5, 5), (1, 9), (6, 9)]),
    ]
    small = [
        random_test(rng, letters, rng.randint(2, 60), 12)
        for letters in ["sr", "srf", "rf", "sssr", "f", "srf", "srf", "rrrs"]
    ]
    large = [
        random_test(rng, "srf", 4000, 400),
        random_test(rng, "ssssssssssr", 9000, 500),
        ask("sr" * 20_000, [(1 + k % 9, 40_000 - k % 11) for k in range(4000)]),
    ]
    kinds = [("edge", edges), ("small", small), ("large", large)]
    return [(text, kind) for kind, texts in kinds for text in texts]


def random_test(rng: Random, letters: str, days: int, q: int) -> str:
    diary = "".join(rng.choice(letters) for _ in range(days))
    spans = [sorted(rng.randint(1, days) for _ in "lr") for _ in range(q)]
    return ask(diary, [(left, right) for left, right in spans])


def ask(diary: str, spans: list[tuple[int, int]]) -> str:
    lines = [diary, str(len(spans)), *(f"{left} {right}" for left, right in spans)]
    return "\n".join(lines) + "\n"


def valid(text: str) -> bool:
    diary, q, *lines = text.splitlines()
    spans = [tuple(map(int, line.split())) for line in lines]
    return (
        1 <= len(diary) <= 40_000
        and set(diary) <= set("srf")
        and 1 <= len(spans) == int(q) <= 4000
        and all(1 <= left <= right <= len(diary) for left, right in spans)
    )
