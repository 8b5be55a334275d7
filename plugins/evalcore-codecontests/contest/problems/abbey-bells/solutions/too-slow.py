n, left, right = map(int, input().split())
bells = list(map(int, input().split()))
minutes = 0
for minute in range(left, right + 1):
    for bell in bells:
        if minute % bell == 0:
            minutes += 1
            break
print(minutes)
