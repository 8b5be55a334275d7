m = int(input())
notes = input()
n = len(notes)


def fits(tune):
    for i in range(n - tune):
        if notes[i] != notes[i + tune]:
            return False
    return True


tune = m
while not fits(tune):
    tune += 1
print(tune)
