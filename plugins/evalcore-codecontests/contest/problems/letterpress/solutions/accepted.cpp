#include <algorithm>
#include <climits>
#include <iostream>
#include <vector>

int main() {
    int n, width;
    std::cin >> n >> width;
    std::vector<int> words(n);
    for (int& word : words) std::cin >> word;
    std::vector<int> ragged(n + 1);  // the least for the words from each one on
    for (int first = n - 1; first >= 0; --first) {
        int best = INT_MAX, last = first;
        for (int used = words[first]; used <= width; used += 1 + words[last]) {
            if (++last == n) {
                best = 0;  // the rest fits on the last line
                break;
            }
            best = std::min(best, (width - used) * (width - used) + ragged[last]);
        }
        ragged[first] = best;
    }
    std::cout << ragged[0] << '\n';
}
