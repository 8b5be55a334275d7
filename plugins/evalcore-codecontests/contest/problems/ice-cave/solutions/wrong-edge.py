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
        if ice[row, column] == "E":  # stops on the exit, on ice as smooth as any
            break
    return row, column


needed = {start: 0}
queue = deque([start])
answer = -1
while queue and answer < 0:
    place = queue.popleft()
    if ice[place] == "E":
        answer = needed[place]
    for down, right in (-1, 0), (1, 0), (0, 1), (0, -1):
        rest = slide(place, down, right)
        if rest not in needed:
            needed[rest] = needed[place] + 1
            queue.append(rest)
print(answer)
