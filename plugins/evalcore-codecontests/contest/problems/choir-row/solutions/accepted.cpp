#include <algorithm>
#include <iostream>
#include <vector>

int main() {
    int n;
    std::cin >> n;
    std::vector harmony(n, std::vector<int>(n));
    for (auto& row : harmony)
        for (int& h : row) std::cin >> h;
    const int never = -1'000'000'000;
    std::vector best(1 << n, std::vector<int>(n, never));  // by singers placed, and the last
    for (int i = 0; i < n; ++i) best[1 << i][i] = 0;
    for (int placed = 1; placed < 1 << n; ++placed)
        for (int last = 0; last < n; ++last)
            for (int j = 0; j < n && best[placed][last] > never; ++j)
                if (!(placed >> j & 1)) {
                    int& value = best[placed | 1 << j][j];
                    value = std::max(value, best[placed][last] + harmony[last][j]);
                }
    std::cout << *std::max_element(best.back().begin(), best.back().end()) << '\n';
}
