#include <functional>
#include <iostream>
#include <queue>
#include <utility>
#include <vector>

struct Line {
    int to;
    unsigned p, d;
};

int main() {
    int n, m;
    unsigned s;
    std::cin >> n >> m >> s;
    std::vector<std::vector<Line>> lines(n + 1);
    for (unsigned u, v, p, d; m-- && std::cin >> u >> v >> p >> d;) {
        lines[u].push_back({int(v), p, d});
        lines[v].push_back({int(u), p, d});
    }
    std::vector<long long> earliest(n + 1, -1);
    using Arrival = std::pair<unsigned, int>;  // 32 bits: some four thousand million minutes
    std::priority_queue<Arrival, std::vector<Arrival>, std::greater<>> queue;
    queue.emplace(s, 1);
    while (!queue.empty()) {
        auto [minute, port] = queue.top();
        queue.pop();
        if (earliest[port] >= 0) continue;
        earliest[port] = minute;
        for (auto [to, p, d] : lines[port]) queue.emplace((minute + p - 1) / p * p + d, to);
    }
    std::cout << earliest[n] << '\n';
}
