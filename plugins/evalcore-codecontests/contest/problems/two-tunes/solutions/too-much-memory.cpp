#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

struct Drawing {
    int points = 0;
    std::vector<std::pair<int, int>> lines;  // kept in full for every pair of parts
};

int main() {
    std::string first, second;
    std::cin >> first >> second;
    size_t n = first.size(), m = second.size();
    std::vector best(n + 1, std::vector<Drawing>(m + 1));
    for (size_t i = 1; i <= n; ++i)
        for (size_t j = 1; j <= m; ++j) {
            int points = 2 - std::abs(first[i - 1] - second[j - 1]);
            best[i][j] = best[i - 1][j];
            if (best[i][j - 1].points > best[i][j].points) best[i][j] = best[i][j - 1];
            if (points > 0 && best[i - 1][j - 1].points + points > best[i][j].points) {
                best[i][j] = best[i - 1][j - 1];
                best[i][j].points += points;
                best[i][j].lines.emplace_back(i, j);
            }
        }
    std::cout << best[n][m].points << '\n';
}
