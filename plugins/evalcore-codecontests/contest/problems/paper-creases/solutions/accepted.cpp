#include <iostream>

// The number of valleys among the first k creases: the k-th one is a valley
// if k, halved until it is odd, leaves 1 when divided by 4.
long long valleys(long long k) {
    long long sum = 0;
    for (; k > 0; k /= 2) sum += (k + 3) / 4;
    return sum;
}

int main() {
    int n, q;
    std::cin >> n >> q;
    for (long long left, right; q-- && std::cin >> left >> right;)
        std::cout << valleys(right) - valleys(left - 1) << '\n';
}
