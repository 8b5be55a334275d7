#include <iostream>
#include <string>
#include <unordered_map>

int main() {
    int n;
    std::cin >> n;
    std::unordered_map<std::string, int> seen;
    long long pairs = 0;
    for (std::string word; std::cin >> word;) {
        pairs += seen[std::string(word.rbegin(), word.rend())];
        ++seen[word];
    }
    std::cout << pairs << '\n';
}
