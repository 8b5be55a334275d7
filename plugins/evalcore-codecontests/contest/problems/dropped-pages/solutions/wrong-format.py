answers = []
for _ in range(int(input())):
    n = int(input())
    pages = sorted(map(int, input().split()))
    answers.append("yes" if pages == list(range(pages[0], pages[0] + n)) else "no")
print(", ".join(answers))
