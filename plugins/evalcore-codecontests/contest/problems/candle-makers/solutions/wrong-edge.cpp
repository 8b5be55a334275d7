#include <algorithm>
#include <iostream>
#include <vector>

struct Maker {
    long long s, t;
};

int main() {
    int n;
    long long candles;
    std::cin >> n >> candles;
    std::vector<Maker> makers(n);
    for (auto& [s, t] : makers) std::cin >> s >> t;
    long long low = 0, high = 2'000'000'000'000'000'000;
    while (high - low > 1) {
        long long middle = (low + high) / 2, finished = 0;
        for (auto [s, t] : makers)  // many fast makers and a long time: the sum overflows
            finished += std::max(0LL, middle - s) / t;
        (finished >= candles ? high : low) = middle;
    }
    std::cout << high << '\n';
}
