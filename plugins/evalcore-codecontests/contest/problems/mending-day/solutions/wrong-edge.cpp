#include <algorithm>
#include <iostream>
#include <utility>
#include <vector>

int main() {
    int n;
    std::cin >> n;
    std::vector<std::pair<int, int>> coats(n);
    for (auto& [t, d] : coats) std::cin >> t >> d;
    std::sort(coats.begin(), coats.end());  // the quickest work first, though some owner comes soon
    int mended = 0;
    long long minutes = 0;
    for (auto [t, d] : coats)
        if (minutes + t <= d) {
            minutes += t;
            ++mended;
        }
    std::cout << mended << ' ' << minutes << '\n';
}
