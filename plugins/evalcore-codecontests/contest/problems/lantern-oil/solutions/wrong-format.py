def squares(n):
    return n * (n + 1) * (2 * n + 1) // 6


a, b = map(int, input().split())
print(f"{squares(b) - squares(a - 1):,}")
