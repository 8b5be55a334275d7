def best(first, second):
    if not first or not second:
        return 0
    points = max(0, 2 - abs(ord(first[-1]) - ord(second[-1])))
    return max(
        best(first[:-1], second),
        best(first, second[:-1]),
        best(first[:-1], second[:-1]) + points,
    )


print(best(input(), input()))
