#include <iostream>
#include <string>
#include <vector>

int main() {
    std::string diary;
    int q;
    std::cin >> diary >> q;
    std::vector<int> changes(diary.size());  // from the first day to each day
    for (size_t day = 1; day < diary.size(); ++day)
        changes[day] = changes[day - 1] + (diary[day] != diary[day - 1]);
    for (int left, right; q-- && std::cin >> left >> right;)
        std::cout << changes[right - 1] - changes[left - 1] << '\n';
}
