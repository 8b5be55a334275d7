#include <iostream>
#include <numeric>
#include <utility>
#include <vector>

std::vector<int> leader;

int find(int island) {
    while (leader[island] != island) island = leader[island] = leader[leader[island]];
    return island;
}

int main() {
    int n, m;
    std::cin >> n >> m;
    std::vector<std::pair<int, int>> bridges(m);
    for (auto& [u, v] : bridges) std::cin >> u >> v;
    leader.resize(n + 1);
    std::iota(leader.begin(), leader.end(), 0);
    int groups = n, storm = m;  // the bridges come back in reverse order
    while (groups > 1 && storm > 0) {
        auto [u, v] = bridges[--storm];
        u = find(u);
        v = find(v);
        if (u != v) {
            leader[u] = v;
            --groups;
        }
    }
    std::cout << (groups > 1 ? 0 : storm == m ? -1 : storm + 1) << '\n';
}
