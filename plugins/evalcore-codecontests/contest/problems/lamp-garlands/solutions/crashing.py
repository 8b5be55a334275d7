from itertools import accumulate

P = 1_000_000_007

garlands = [tuple(map(int, input().split())) for _ in range(int(input()))]
longest = max(n for n, _, _ in garlands)
factorial = list(accumulate(range(1, longest + 1), lambda a, b: a * b % P, initial=1))


def choose(n, k):
    if k > n:
        return 0
    return factorial[n] * pow(factorial[k] * factorial[n - k], -1, P) % P


for n, k, d in garlands:
    print(choose(n - d * (k - 1), k))  # without a shining lamp the row grows beyond the table
