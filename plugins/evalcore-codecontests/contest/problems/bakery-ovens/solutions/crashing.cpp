#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

int main() {
    int k;
    std::string orders;
    std::cin >> k >> orders;
    std::vector<std::vector<int>> freed(1000);  // ovens by minute: the day has no more, surely
    for (int oven = 1; oven <= k; ++oven) freed[0].push_back(oven);
    int minute = 0, latest = 0, last = 0;
    size_t next = 0;
    for (char loaf : orders) {
        while (next == freed.at(minute).size()) {
            ++minute;
            next = 0;
            std::sort(freed.at(minute).begin(), freed.at(minute).end());
        }
        last = freed[minute][next++];
        int done = minute + (loaf - 'a' + 1);
        freed.at(done).push_back(last);
        latest = std::max(latest, done);
    }
    std::cout << latest << ' ' << last << '\n';
}
