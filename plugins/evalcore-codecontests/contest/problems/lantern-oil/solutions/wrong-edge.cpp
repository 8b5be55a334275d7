#include <iostream>

// 64 bits hold the sum only up to floor three million or so.
long long squares(long long n) { return n * (n + 1) * (2 * n + 1) / 6; }

int main() {
    long long a, b;
    std::cin >> a >> b;
    std::cout << squares(b) - squares(a - 1) << '\n';
}
