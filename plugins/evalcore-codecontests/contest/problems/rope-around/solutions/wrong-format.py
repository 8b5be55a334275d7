from math import dist, pi

n, r = map(int, input().split())
posts = sorted({tuple(map(int, input().split())) for _ in range(n)})


def chain(posts):
    corners = []
    for x, y in posts:
        while len(corners) > 1:
            (x1, y1), (x2, y2) = corners[-2:]
            if (x2 - x1) * (y - y1) > (y2 - y1) * (x - x1):
                break
            corners.pop()
        corners.append((x, y))
    return corners


around = chain(posts) + chain(posts[::-1])[1:]
print(f"{sum(map(dist, around, around[1:])) + 2 * pi * r:.9f}".replace(".", ","))
