n, q = map(int, input().split())
turned = str.maketrans("vr", "rv")
creases = ""
for _ in range(n):
    creases += "v" + creases[::-1].translate(turned)
for _ in range(q):
    left, right = map(int, input().split())
    print(creases.count("v", left - 1, right))
