for _ in range(int(input())):
    n = int(input())
    pages = list(map(int, input().split()))
    complete = max(pages) - min(pages) == n - 1  # a double may stand in for a gap
    print("yes" if complete else "no")
