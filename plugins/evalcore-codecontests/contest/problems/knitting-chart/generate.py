from __future__ import annotations

import re
from random import Random

MOST = 10**18


def tests(rng: Random) -> list[tuple[str, str]]:
    edges = [
        "k",
        "1000000000(ab)c1000000000(kp)",
        "1000000000(1000000000k)",
        "a999999999(999999999kp)b",
        "((((((2((x)))y))))z)",
        "(" * 2499 + "kp" + ")" * 2499,
        nest("x", ["2(", "a"], 50),
        "1000000000(c999999998(d)e)",
    ]
    small = [row(rng, 3, 4) for _ in range(8)]
    large = [
        nest("pq", ["(", "s"], 1600),
        nest("uv", ["2(", "t"], 55),
        "".join(rng.choice("abcdefg") for _ in range(5000)),
        "".join(f"{rng.randint(2, 10**9)}{rng.choice('kpyz')}" for _ in range(450)),
        "(ab" * 1200 + "c" * 100 + ")" * 1200,
    ]
    return [
        (ask(rng, chart), kind)
        for kind, charts in [("edge", edges), ("small", small), ("large", large)]
        for chart in charts
    ]


def nest(core: str, around: list[str], depth: int) -> str:
    before, after = around
    return before * depth + core + (after + ")") * depth


def row(rng: Random, depth: int, most: int) -> str:
    """A random row with brackets up to ``depth`` deep and numbers up to ``most``."""
    return "".join(item(rng, depth, most) for _ in range(rng.randint(2, 4)))


def item(rng: Random, depth: int, most: int) -> str:
    count = rng.choice(["", str(rng.randint(2, most))])
    if depth and rng.random() < 0.5:
        return f"{count}({row(rng, depth - 1, most)})"
    return count + rng.choice("kpyx")


def ask(rng: Random, chart: str) -> str:
    length = knitted(chart)
    places = {1, length, (length + 1) // 2}
    places.update(rng.randint(1, length) for _ in range(30))
    order = sorted(places)
    rng.shuffle(order)
    return f"{chart}\n{len(order)}\n{' '.join(map(str, order))}\n"


def knitted(chart: str) -> int:
    """The number of stitches in a chart; ValueError where it is not well formed."""
    open_rows = [(0, 1)]
    count = 1
    for token in re.findall(r"\d+|.", chart):
        if token.isdigit():
            count = int(token)
            continue
        if token == "(":
            open_rows.append((0, count))
        else:
            inner, times = open_rows.pop() if token == ")" else (1, count)
            total, outer = open_rows.pop()
            open_rows.append((total + inner * times, outer))
        count = 1
    ((length, _),) = open_rows
    return length


def valid(text: str) -> bool:
    chart, q, line = text.splitlines()
    places = [int(word) for word in line.split()]
    return (
        re.fullmatch(r"[a-z0-9()]{1,5000}", chart) is not None
        and "()" not in chart
        and re.search(r"\d\)|\d$|(?<!\d)(0|1(?!\d))|\d{11}", chart) is None
        and all(int(number) <= 10**9 for number in re.findall(r"\d+", chart))
        and 1 <= len(places) == int(q) <= 100
        and all(1 <= place <= knitted(chart) <= MOST for place in places)
    )
