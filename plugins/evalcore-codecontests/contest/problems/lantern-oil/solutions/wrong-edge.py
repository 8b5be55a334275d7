def squares(n):
    return n * (n + 1) * (2 * n + 1) / 6  # a float: exact only up to 2 ** 53


a, b = map(int, input().split())
print(round(squares(b) - squares(a - 1)))
