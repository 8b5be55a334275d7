#include <iostream>
#include <set>
#include <string>

int main() {
    std::string coast;
    std::cin >> coast;
    size_t kinds = std::set<char>(coast.begin(), coast.end()).size();
    size_t length = coast.size(), first = 0;
    for (size_t start = 0; start < coast.size(); ++start) {
        size_t have = 0;
        bool held[128] = {};
        for (size_t end = start; end < coast.size() && have < kinds; ++end) {
            if (!held[int(coast[end])]) {
                held[int(coast[end])] = true;
                ++have;
            }
            if (have == kinds && end + 1 - start < length) {
                length = end + 1 - start;
                first = start;
            }
        }
    }
    std::cout << length << ' ' << first + 1 << '\n';
}
