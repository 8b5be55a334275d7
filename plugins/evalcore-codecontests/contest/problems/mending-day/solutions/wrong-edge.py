coats = [tuple(map(int, input().split())) for _ in range(int(input()))]
mended = minutes = 0
for t, d in sorted(coats, key=lambda coat: coat[1]):
    if minutes + t <= d:  # what is begun is never given up for something shorter
        minutes += t
        mended += 1
print(mended, minutes)
