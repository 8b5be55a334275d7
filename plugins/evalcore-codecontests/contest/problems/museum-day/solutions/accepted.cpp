#include <iostream>
#include <iterator>
#include <map>

int main() {
    int n;
    std::cin >> n;
    std::map<int, int> change;
    for (int a, b; n-- && std::cin >> a >> b;) {
        ++change[a];
        --change[b];
    }
    int inside = 0, most = 0, first = 0, seconds = 0;
    for (auto now = change.begin(); std::next(now) != change.end(); ++now) {
        inside += now->second;
        if (inside > most) {
            most = inside;
            first = now->first;
            seconds = 0;
        }
        if (inside == most) seconds += std::next(now)->first - now->first;
    }
    std::cout << most << ' ' << first << ' ' << seconds << '\n';
}
