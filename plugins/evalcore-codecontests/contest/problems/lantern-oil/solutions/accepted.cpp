#include <iostream>
#include <string>

using Wide = __int128;

// The sum of 1 + 4 + 9 + ... + n * n.
Wide squares(Wide n) { return n * (n + 1) * (2 * n + 1) / 6; }

int main() {
    long long a, b;
    std::cin >> a >> b;
    std::string digits;
    for (Wide rest = squares(b) - squares(a - 1); rest > 0; rest /= 10)
        digits.insert(digits.begin(), char('0' + int(rest % 10)));
    std::cout << digits << '\n';
}
