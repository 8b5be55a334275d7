def squares(n):
    """The sum of 1 + 4 + 9 + ... + n * n."""
    return n * (n + 1) * (2 * n + 1) // 6


a, b = map(int, input().split())
print(squares(b) - squares(a - 1))
