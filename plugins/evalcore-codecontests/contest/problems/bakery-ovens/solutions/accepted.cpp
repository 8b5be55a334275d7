#include <algorithm>
#include <functional>
#include <iostream>
#include <queue>
#include <string>
#include <utility>
#include <vector>

int main() {
    int k;
    std::string orders;
    std::cin >> k >> orders;
    using Oven = std::pair<int, int>;  // when it is free, its number
    std::priority_queue<Oven, std::vector<Oven>, std::greater<>> ovens;
    for (int oven = 1; oven <= k; ++oven) ovens.emplace(0, oven);
    int latest = 0, last = 0;
    for (char loaf : orders) {
        last = ovens.top().second;
        int done = ovens.top().first + (loaf - 'a' + 1);
        ovens.pop();
        ovens.emplace(done, last);
        latest = std::max(latest, done);
    }
    std::cout << latest << ' ' << last << '\n';
}
