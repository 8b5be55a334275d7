#include <iostream>
#include <vector>

int main() {
    long long n, left, right;
    std::cin >> n >> left >> right;
    std::vector<char> ringing(right - left + 1);  // one byte for each minute
    for (long long bell; std::cin >> bell;)
        for (long long minute = (left + bell - 1) / bell * bell; minute <= right; minute += bell)
            ringing[minute - left] = 1;
    long long minutes = 0;
    for (char rings : ringing) minutes += rings;
    std::cout << minutes << '\n';
}
