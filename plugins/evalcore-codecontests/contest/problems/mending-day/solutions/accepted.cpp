#include <algorithm>
#include <iostream>
#include <queue>
#include <utility>
#include <vector>

int main() {
    int n;
    std::cin >> n;
    std::vector<std::pair<int, int>> coats(n);
    for (auto& [d, t] : coats) std::cin >> t >> d;
    std::sort(coats.begin(), coats.end());
    std::priority_queue<int> mended;
    long long minutes = 0;
    for (auto [d, t] : coats) {
        mended.push(t);
        minutes += t;
        if (minutes > d) {  // one coat too many: leave out the one that takes longest
            minutes -= mended.top();
            mended.pop();
        }
    }
    std::cout << mended.size() << ' ' << minutes << '\n';
}
