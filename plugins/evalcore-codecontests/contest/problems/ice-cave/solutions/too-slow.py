import sys

sys.setrecursionlimit(10**6)
height, width = map(int, input().split())
ice = {}
for row in range(height):
    for column, field in enumerate(input()):
        if field != "#":
            ice[row, column] = field
start = next(place for place, field in ice.items() if field == "S")
NEVER = 10**9


def pushes(place, visited):
    """Walks all ways that rest nowhere twice."""
    if ice[place] == "E":
        return 0
    least = NEVER
    for down, right in (-1, 0), (1, 0), (0, 1), (0, -1):
        row, column = place
        while (row + down, column + right) in ice:
            row += down
            column += right
        if (row, column) not in visited:
            least = min(least, 1 + pushes((row, column), visited | {(row, column)}))
    return least


least = pushes(start, {start})
print(least if least < NEVER else -1)
