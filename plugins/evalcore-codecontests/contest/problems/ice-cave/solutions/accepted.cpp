#include <iostream>
#include <queue>
#include <string>
#include <utility>
#include <vector>

int main() {
    int height, width;
    std::cin >> height >> width;
    std::vector<std::string> cave(height);
    for (auto& row : cave) std::cin >> row;
    auto rock = [&](int row, int column) {
        return row < 0 || row == height || column < 0 || column == width ||
               cave[row][column] == '#';
    };
    std::vector needed(height, std::vector<int>(width, -1));
    std::queue<std::pair<int, int>> queue;
    for (int row = 0; row < height; ++row)
        for (int column = 0; column < width; ++column)
            if (cave[row][column] == 'S') {
                needed[row][column] = 0;
                queue.emplace(row, column);
            }
    const int steps[4][2] = {{-1, 0}, {1, 0}, {0, 1}, {0, -1}};
    for (; !queue.empty(); queue.pop()) {
        auto [row, column] = queue.front();
        if (cave[row][column] == 'E') {
            std::cout << needed[row][column] << '\n';
            return 0;
        }
        for (auto [down, right] : steps) {
            int r = row, c = column;
            while (!rock(r + down, c + right)) r += down, c += right;
            if (needed[r][c] < 0) {
                needed[r][c] = needed[row][column] + 1;
                queue.emplace(r, c);
            }
        }
    }
    std::cout << "-1\n";
}
