import re

tokens = re.findall(r"\d+|.", input())[::-1]


def parse():
    """Calls itself once per bracket: Python gives up about a thousand deep."""
    items = []
    while tokens and tokens[-1] != ")":
        count = int(tokens.pop()) if tokens[-1].isdigit() else 1
        token = tokens.pop()
        if token == "(":
            row = parse()
            tokens.pop()
            items.append((count, sum(times * size for times, size, _ in row), row))
        else:
            items.append((count, 1, token))
    return items


def stitch(part, place):
    if isinstance(part, str):
        return part
    for count, size, inner in part:
        if place < count * size:
            return stitch(inner, place % size)
        place -= count * size


items = parse()
input()
print("".join(stitch(items, int(place) - 1) for place in input().split()))
