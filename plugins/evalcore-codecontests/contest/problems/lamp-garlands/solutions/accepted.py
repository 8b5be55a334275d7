from itertools import accumulate

P = 1_000_000_007

garlands = [tuple(map(int, input().split())) for _ in range(int(input()))]
longest = max(n for n, _, _ in garlands)
factorial = list(accumulate(range(1, longest + 1), lambda a, b: a * b % P, initial=1))


def choose(n, k):
    if not 0 <= k <= n:
        return 0
    return factorial[n] * pow(factorial[k] * factorial[n - k], -1, P) % P


for n, k, d in garlands:
    # Take d dark lamps out of each of the k - 1 gaps: then any k of the rest may shine.
    print(choose(n - d * (k - 1), k) if k else 1)
