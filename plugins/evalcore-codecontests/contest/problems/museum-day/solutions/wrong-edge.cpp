#include <algorithm>
#include <iostream>
#include <utility>
#include <vector>

int main() {
    int n;
    std::cin >> n;
    std::vector<std::pair<int, int>> events;
    for (int a, b; n-- && std::cin >> a >> b;) {
        events.emplace_back(a, -1);  // sorted before the leaving of the same second
        events.emplace_back(b, +1);
    }
    std::sort(events.begin(), events.end());
    int inside = 0, most = 0, first = 0, seconds = 0;
    for (size_t i = 0; i + 1 < events.size(); ++i) {
        inside -= events[i].second;
        if (inside > most) {
            most = inside;
            first = events[i].first;
            seconds = 0;
        }
        if (inside == most) seconds += events[i + 1].first - events[i].first;
    }
    std::cout << most << ' ' << first << ' ' << seconds << '\n';
}
