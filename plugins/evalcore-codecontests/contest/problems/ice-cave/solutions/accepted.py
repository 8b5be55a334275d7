from collections import deque

height, width = map(int, input().split())
ice = {}
for row in range(height):
    for column, field in enumerate(input()):
        if field != "#":
            ice[row, column] = field
start = next(place for place, field in ice.items() if field == "S")


def slide(place, down, right):
    row, column = place
    while (row + down, column + right) in ice:
        row += down
        column += right
    return row, column


def pushes():
    needed = {start: 0}
    queue = deque([start])
    while queue:
        place = queue.popleft()
        if ice[place] == "E":
            return needed[place]
        for down, right in (-1, 0), (1, 0), (0, 1), (0, -1):
            rest = slide(place, down, right)
            if rest not in needed:
                needed[rest] = needed[place] + 1
                queue.append(rest)
    return -1


print(pushes())
