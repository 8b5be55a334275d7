from __future__ import annotations

from random import Random


def tests(rng: Random) -> list[tuple[str, str]]:
    edges = [
        ["SE"],
        ["S", "E"],
        ["S.E."],
        ["S.E#"],
        ["S..", "...", "..E"],
        ["S..", ".E.", "..."],
        ["E...S"],
        ["S#E"],
        ["....", ".SE.", "...."],
        ["S" + "." * 78 + "E"],
        ["S....", ".....", "..E..", ".....", "..#.."],
    ]
    small = [cave(rng, rng.randint(3, 5), rng.randint(3, 5), 0.2) for _ in range(10)]
    large = [
        cave(rng, 24, 24, 0.12),
        cave(rng, 20, 30, 0.1),
        cave(rng, 80, 80, 0.05),
        cave(rng, 80, 80, 0.2),
        cave(rng, 80, 3, 0.1),
        spiral(79),
    ]
    return [
        ("\n".join([f"{len(rows)} {len(rows[0])}", *rows]) + "\n", kind)
        for kind, caves in [("edge", edges), ("small", small), ("large", large)]
        for rows in caves
    ]


def cave(rng: Random, height: int, width: int, rocks: float) -> list[str]:
    rows = [["#" if rng.random() < rocks else "." for _ in range(width)] for _ in range(height)]
    start, end = rng.sample(range(height * width), 2)
    rows[start // width][start % width] = "S"
    rows[end // width][end % width] = "E"
    return ["".join(row) for row in rows]


def spiral(size: int) -> list[str]:
    """One corridor that winds from a corner to the middle."""
    rows = [["#"] * size for _ in range(size)]
    row, column, down, right = 0, 0, 0, 1
    rows[0][0] = "S"
    free = size - 1
    for leg in range(size + 1):
        for _ in range(free):
            row, column = row + down, column + right
            rows[row][column] = "."
        down, right = right, -down
        if leg >= 2 and leg % 2 == 0:
            free -= 2
        if free <= 0:
            break
    rows[row][column] = "E"
    return ["".join(line) for line in rows]


def valid(text: str) -> bool:
    first, *rows = text.splitlines()
    height, width = map(int, first.split())
    fields = "".join(rows)
    return (
        1 <= height == len(rows) <= 80
        and 1 <= width <= 80
        and all(len(row) == width for row in rows)
        and set(fields) <= set(".#SE")
        and fields.count("S") == fields.count("E") == 1
    )
