#include <algorithm>
#include <iostream>
#include <vector>

int main() {
    int t;
    std::cin >> t;
    for (int n; t-- && std::cin >> n;) {
        std::vector<int> pages(n);
        for (int& page : pages) std::cin >> page;
        std::sort(pages.begin(), pages.end());
        bool complete = true;
        for (int i = 1; i < n; ++i) complete &= pages[i] == pages[i - 1] + 1;
        std::cout << (complete ? "yes" : "no") << '\n';
    }
}
