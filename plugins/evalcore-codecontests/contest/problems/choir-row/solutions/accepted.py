n = int(input())
harmony = [list(map(int, input().split())) for _ in range(n)]
NEVER = -(10**9)

best = [[NEVER] * n for _ in range(1 << n)]  # by the set of singers placed, and the last of them
for i in range(n):
    best[1 << i][i] = 0
for placed in range(1 << n):
    waiting = [j for j in range(n) if not placed >> j & 1]
    for last, value in enumerate(best[placed]):
        if value > NEVER:
            for j in waiting:
                row = best[placed | 1 << j]
                row[j] = max(row[j], value + harmony[last][j])
print(max(best[-1]))
