a, b = map(int, input().split())
drops = 0
for floor in range(a, b + 1):
    drops += floor * floor
print(drops)
