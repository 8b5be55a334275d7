#include <iostream>

int main() {
    int n, q;
    std::cin >> n >> q;
    for (long long left, right; q-- && std::cin >> left >> right;) {
        long long valleys = 0;
        for (long long k = left; k <= right; ++k) {
            long long odd = k;
            while (odd % 2 == 0) odd /= 2;
            valleys += odd % 4 == 1;
        }
        std::cout << valleys << '\n';
    }
}
