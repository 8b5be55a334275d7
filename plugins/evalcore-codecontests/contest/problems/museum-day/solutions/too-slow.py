visits = [tuple(map(int, input().split())) for _ in range(int(input()))]
most = first = seconds = 0
for second in range(max(b for _, b in visits)):  # second by second through a long day
    inside = 0
    for a, b in visits:
        if a <= second < b:
            inside += 1
    if inside > most:
        most, first, seconds = inside, second, 0
    if inside == most:
        seconds += 1
print(most, first, seconds)
