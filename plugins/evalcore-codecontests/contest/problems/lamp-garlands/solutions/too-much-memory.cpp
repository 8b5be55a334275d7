#include <iostream>
#include <vector>

const int P = 1'000'000'007;

int main() {
    int q;
    std::cin >> q;
    for (int n, k, d; q-- && std::cin >> n >> k >> d;) {
        // ways[i][j]: choices of j lamps among the first i, all of them kept
        std::vector ways(n + 1, std::vector<int>(k + 1));
        for (int i = 0; i <= n; ++i) {
            ways[i][0] = 1;
            for (int j = 1; j <= k && i > 0; ++j) {
                int before = i > d ? ways[i - 1 - d][j - 1] : j == 1;
                ways[i][j] = (ways[i - 1][j] + before) % P;
            }
        }
        std::cout << ways[n][k] << '\n';
    }
}
