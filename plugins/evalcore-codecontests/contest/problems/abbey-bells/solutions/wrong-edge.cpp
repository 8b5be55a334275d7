#include <iostream>
#include <numeric>
#include <vector>

int n;
unsigned long long left, right;
std::vector<unsigned long long> bells;

long long ringing(int bell, unsigned long long together, int sign) {
    if (bell == n) return sign * (long long)(right / together - (left - 1) / together);
    long long sum = ringing(bell + 1, together, sign);
    auto both = together / std::gcd(together, bells[bell]) * bells[bell];  // 64 bits overflow
    if (both > 0 && both <= right) sum += ringing(bell + 1, both, -sign);
    return sum;
}

int main() {
    std::cin >> n >> left >> right;
    bells.resize(n);
    for (auto& bell : bells) std::cin >> bell;
    std::cout << (long long)(right - left + 1) - ringing(0, 1, 1) << '\n';
}
