#include <iostream>
#include <set>
#include <string>

int main() {
    std::string coast;
    std::cin >> coast;
    size_t kinds = std::set<char>(coast.begin(), coast.end()).size();
    size_t have = 0, start = 0, length = coast.size(), first = 0;
    int held[128] = {};
    for (size_t end = 1; end <= coast.size(); ++end) {
        have += held[int(coast[end - 1])]++ == 0;
        while (held[int(coast[start])] > 1) --held[int(coast[start++])];
        if (have == kinds && end - start < length) {
            length = end - start;
            first = start;
        }
    }
    std::cout << length << ' ' << first + 1 << '\n';
}
