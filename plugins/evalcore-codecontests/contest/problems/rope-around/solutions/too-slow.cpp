#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <utility>
#include <vector>

// Two posts are neighbours on the rope if no post lies to the right of the line between them.
int main() {
    int n, r;
    std::cin >> n >> r;
    std::vector<std::pair<long long, long long>> posts(n);
    for (auto& [x, y] : posts) std::cin >> x >> y;
    std::sort(posts.begin(), posts.end());
    posts.erase(std::unique(posts.begin(), posts.end()), posts.end());
    double length = 2 * std::acos(-1.0) * r;
    for (auto [ax, ay] : posts)
        for (auto [bx, by] : posts) {
            bool neighbours = ax != bx || ay != by;
            for (auto [x, y] : posts) {
                long long turn = (bx - ax) * (y - ay) - (by - ay) * (x - ax);
                bool outside = (x - ax) * (x - bx) + (y - ay) * (y - by) > 0;
                neighbours &= turn > 0 || (turn == 0 && !outside);
            }
            if (neighbours) length += std::hypot(bx - ax, by - ay);
        }
    std::printf("%.9f\n", length);
}
