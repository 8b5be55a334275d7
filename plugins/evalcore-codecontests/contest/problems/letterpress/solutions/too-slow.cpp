#include <algorithm>
#include <climits>
#include <iostream>
#include <vector>

int n, width;
std::vector<int> words;

// Tries every way to break the lines, over and over.
int ragged(int first) {
    int best = INT_MAX, used = -1;
    for (int last = first; last < n; ++last) {
        used += 1 + words[last];
        if (used > width) return best;
        best = std::min(best, (width - used) * (width - used) + ragged(last + 1));
    }
    return 0;
}

int main() {
    std::cin >> n >> width;
    words.resize(n);
    for (int& word : words) std::cin >> word;
    std::cout << ragged(0) << '\n';
}
