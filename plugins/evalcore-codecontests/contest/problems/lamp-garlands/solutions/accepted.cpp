#include <iostream>
#include <vector>

const long long P = 1'000'000'007;

long long power(long long base, long long exponent) {
    long long result = 1;
    for (; exponent > 0; exponent /= 2) {
        if (exponent % 2) result = result * base % P;
        base = base * base % P;
    }
    return result;
}

int main() {
    std::vector<long long> factorial{1};
    for (int i = 1; i <= 100'000; ++i) factorial.push_back(factorial.back() * i % P);
    auto choose = [&](long long n, long long k) {
        if (k > n) return 0LL;
        return factorial[n] * power(factorial[k] * factorial[n - k] % P, P - 2) % P;
    };
    int q;
    std::cin >> q;
    for (long long n, k, d; q-- && std::cin >> n >> k >> d;)
        // Take d dark lamps out of each of the k - 1 gaps: then any k of the rest may shine.
        std::cout << (k == 0 ? 1 : choose(n - d * (k - 1), k)) << '\n';
}
