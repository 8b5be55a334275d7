#include <iostream>
#include <numeric>
#include <vector>

int n;
long long left, right;
std::vector<long long> bells;

// Inclusion and exclusion over the sets of `together` and some bells from `bell` on.
long long ringing(int bell, long long together, int sign) {
    if (bell == n) return sign * (right / together - (left - 1) / together);
    long long sum = ringing(bell + 1, together, sign);
    __int128 both = __int128(together) / std::gcd(together, bells[bell]) * bells[bell];
    if (both <= right) sum += ringing(bell + 1, (long long)both, -sign);
    return sum;
}

int main() {
    std::cin >> n >> left >> right;
    bells.resize(n);
    for (long long& bell : bells) std::cin >> bell;
    std::cout << right - left + 1 - ringing(0, 1, 1) << '\n';
}
