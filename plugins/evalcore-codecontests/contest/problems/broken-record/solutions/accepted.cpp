#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

// same[p]: how many notes from p on are those at the beginning
std::vector<int> matches(const std::string& notes) {
    int n = int(notes.size());
    std::vector<int> same(n);
    for (int p = 1, left = 0, right = 0; p < n; ++p) {
        if (p < right) same[p] = std::min(right - p, same[p - left]);
        while (p + same[p] < n && notes[same[p]] == notes[p + same[p]]) ++same[p];
        if (p + same[p] > right) {
            left = p;
            right = p + same[p];
        }
    }
    return same;
}

int main() {
    int tune;
    std::string notes;
    std::cin >> tune >> notes;
    std::vector<int> same = matches(notes);
    int n = int(notes.size());
    while (tune < n && tune + same[tune] < n) ++tune;
    std::cout << tune << '\n';
}
