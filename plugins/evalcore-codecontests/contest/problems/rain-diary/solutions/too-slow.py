diary = input()
for _ in range(int(input())):
    left, right = map(int, input().split())
    changes = 0
    for day in range(left, right):
        if diary[day] != diary[day - 1]:
            changes += 1
    print(changes)
