import re


def parse(chart):
    """The chart as a list of items (count, stitches in one copy, letter or list of items)."""
    rows, counts, count = [[]], [], 1
    for token in re.findall(r"\d+|.", chart):
        if token.isdigit():
            count = int(token)
            continue
        if token == "(":
            rows.append([])
            counts.append(count)
        elif token == ")":
            row = rows.pop()
            rows[-1].append((counts.pop(), sum(times * size for times, size, _ in row), row))
        else:
            rows[-1].append((count, 1, token))
        count = 1
    return rows[0]


def stitch(part, place):
    """The letter at a place, counted from 0."""
    while isinstance(part, list):
        for count, size, inner in part:
            if place < count * size:
                part, place = inner, place % size
                break
            place -= count * size
    return part


items = parse(input())
input()
print("".join(stitch(items, int(place) - 1) for place in input().split()))
