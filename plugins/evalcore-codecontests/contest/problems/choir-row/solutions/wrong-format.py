n = int(input())
harmony = [list(map(int, input().split())) for _ in range(n)]
NEVER = float("-inf")

best = [[NEVER] * n for _ in range(1 << n)]
for i in range(n):
    best[1 << i][i] = 0
for placed in range(1 << n):
    for last, value in enumerate(best[placed]):
        for j in range(n):
            if not placed >> j & 1 and value > NEVER:
                row = best[placed | 1 << j]
                row[j] = max(row[j], value + harmony[last][j])
print("The best row has harmony", max(best[-1]))
