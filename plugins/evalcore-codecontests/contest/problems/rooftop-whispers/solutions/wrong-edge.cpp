#include <iostream>
#include <stack>
#include <vector>

int main() {
    int n;
    std::cin >> n;
    std::vector<int> heights(n);
    std::stack<int> flying;
    long long passed = 0;
    for (int house = 0; house < n; ++house) {
        std::cin >> heights[house];
        while (!flying.empty() && heights[flying.top()] < heights[house]) {  // not the equal ones
            passed += house - flying.top() - 1;
            flying.pop();
        }
        flying.push(house);
    }
    for (; !flying.empty(); flying.pop()) passed += n - 1 - flying.top();
    std::cout << passed << '\n';
}
