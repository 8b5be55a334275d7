#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

int main() {
    std::string first, second;
    std::cin >> first >> second;
    size_t n = first.size(), m = second.size();
    std::vector best(n + 1, std::vector<int>(m + 1));  // by the lengths of both tunes' parts
    for (size_t i = 1; i <= n; ++i)
        for (size_t j = 1; j <= m; ++j) {
            int points = std::max(0, 2 - std::abs(first[i - 1] - second[j - 1]));
            best[i][j] = std::max({best[i - 1][j], best[i][j - 1], best[i - 1][j - 1] + points});
        }
    std::cout << best[n][m] << '\n';
}
