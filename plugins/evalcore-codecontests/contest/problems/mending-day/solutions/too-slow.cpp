#include <algorithm>
#include <iostream>
#include <utility>
#include <vector>

std::vector<std::pair<int, int>> coats;  // by the time at which the owner comes

// The most coats among those from i on, and minus the minutes: tries every choice.
std::pair<int, long long> best(size_t i, long long minutes) {
    if (i == coats.size()) return {0, -minutes};
    auto result = best(i + 1, minutes);
    auto [d, t] = coats[i];
    if (minutes + t <= d) {
        auto [mended, total] = best(i + 1, minutes + t);
        result = std::max(result, {mended + 1, total});
    }
    return result;
}

int main() {
    int n;
    std::cin >> n;
    coats.resize(n);
    for (auto& [d, t] : coats) std::cin >> t >> d;
    std::sort(coats.begin(), coats.end());
    auto [mended, total] = best(0, 0);
    std::cout << mended << ' ' << -total << '\n';
}
