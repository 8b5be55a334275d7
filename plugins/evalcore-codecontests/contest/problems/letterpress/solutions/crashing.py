from functools import cache

n, width = map(int, input().split())
words = list(map(int, input().split()))


@cache
def ragged(first):
    """Calls itself once per line, and a long text has many."""
    choices = []
    used = -1
    for last in range(first, n):
        used += 1 + words[last]
        if used > width:
            return min(choices)
        choices.append((width - used) ** 2 + ragged(last + 1))
    return 0


print(ragged(0))
