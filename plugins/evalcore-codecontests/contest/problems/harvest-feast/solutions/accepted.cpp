#include <algorithm>
#include <iostream>
#include <vector>

int main() {
    int n, m;
    std::cin >> n >> m;
    std::vector<long long> minutes(n + 1), begins(n + 1);
    for (int job = 1; job <= n; ++job) std::cin >> minutes[job];
    std::vector<std::vector<int>> following(n + 1);
    std::vector<int> missing(n + 1);  // how many jobs each one still waits for
    for (int a, b; m-- && std::cin >> a >> b;) {
        following[a].push_back(b);
        ++missing[b];
    }
    std::vector<int> ready;
    for (int job = 1; job <= n; ++job)
        if (!missing[job]) ready.push_back(job);
    int done = 0;
    long long latest = 0;
    while (!ready.empty()) {
        int job = ready.back();
        ready.pop_back();
        ++done;
        long long end = begins[job] + minutes[job];
        latest = std::max(latest, end);
        for (int other : following[job]) {
            begins[other] = std::max(begins[other], end);
            if (--missing[other] == 0) ready.push_back(other);
        }
    }
    if (done == n)
        std::cout << latest << '\n';
    else
        std::cout << "impossible\n";
}
