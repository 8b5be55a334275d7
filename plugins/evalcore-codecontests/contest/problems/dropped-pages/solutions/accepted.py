for _ in range(int(input())):
    n = int(input())
    pages = sorted(map(int, input().split()))
    complete = pages == list(range(pages[0], pages[0] + n))
    print("yes" if complete else "no")
