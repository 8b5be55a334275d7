n = int(input())
harmony = [list(map(int, input().split())) for _ in range(n)]


def greedy(last):
    """Takes the best neighbour each time, which is not always the best row."""
    waiting = set(range(n)) - {last}
    total = 0
    while waiting:
        best = max(waiting, key=lambda j: harmony[last][j])
        total += harmony[last][best]
        waiting.remove(best)
        last = best
    return total


print(max(map(greedy, range(n))))
