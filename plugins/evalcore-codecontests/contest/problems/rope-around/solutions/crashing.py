from math import atan2, dist, pi

n, r = map(int, input().split())
posts = {tuple(map(int, input().split())) for _ in range(n)}
x0, y0 = start = min(posts)
posts.remove(start)
others = sorted(posts, key=lambda p: (atan2(p[1] - y0, p[0] - x0), dist(start, p)))
corners = [start, others.pop(0)]  # a single post has no other
for x, y in [*others, start]:
    while len(corners) > 1:
        (x1, y1), (x2, y2) = corners[-2:]
        if (x2 - x1) * (y - y1) > (y2 - y1) * (x - x1):
            break
        corners.pop()
    corners.append((x, y))
print(f"{sum(map(dist, corners, corners[1:])) + 2 * pi * r:.9f}")
