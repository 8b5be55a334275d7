#include <algorithm>
#include <iostream>
#include <vector>

// The height of each village's subtree, and the way up and down again to the farthest elsewhere.
int main() {
    int n;
    std::cin >> n;
    std::vector<int> parent(n + 1), down(n + 1), second(n + 1), up(n + 1);
    for (int village = 2; village <= n; ++village) std::cin >> parent[village];
    for (int village = n; village >= 2; --village) {  // children come after their parents
        int height = down[village] + 1, above = parent[village];
        second[above] = std::max(second[above], std::min(height, down[above]));
        down[above] = std::max(down[above], height);
    }
    int drum = 1, hours = down[1];
    for (int village = 2; village <= n; ++village) {
        int above = parent[village];
        int beside = down[above] == down[village] + 1 ? second[above] : down[above];
        up[village] = std::max(up[above], beside) + 1;
        int needed = std::max(up[village], down[village]);
        if (needed < hours) {
            hours = needed;
            drum = village;
        }
    }
    std::cout << drum << ' ' << hours << '\n';
}
