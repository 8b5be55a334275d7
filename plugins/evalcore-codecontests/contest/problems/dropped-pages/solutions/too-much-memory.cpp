#include <algorithm>
#include <iostream>
#include <vector>

int main() {
    int t;
    std::cin >> t;
    for (int n; t-- && std::cin >> n;) {
        std::vector<int> pages(n);
        for (int& page : pages) std::cin >> page;
        int first = *std::min_element(pages.begin(), pages.end());
        int last = *std::max_element(pages.begin(), pages.end());
        std::vector<char> found(last - first + 1);  // a place for every number between
        for (int page : pages) found[page - first] = 1;
        bool complete = last - first + 1 == n && std::count(found.begin(), found.end(), 1) == n;
        std::cout << (complete ? "yes" : "no") << '\n';
    }
}
