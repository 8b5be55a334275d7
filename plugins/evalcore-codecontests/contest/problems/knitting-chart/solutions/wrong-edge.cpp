#include <cmath>
#include <iostream>
#include <string>
#include <vector>

// Sizes as floating-point numbers: 2 ** 53 stitches are counted rightly, no more.
struct Item {
    double count, size;
    int row;
    char letter;
};

std::vector<std::vector<Item>> rows(1);

void parse(const std::string& chart) {
    std::vector<int> open{0};
    std::vector<double> counts;
    double count = 0;
    for (char c : chart) {
        if ('0' <= c && c <= '9') {
            count = 10 * count + (c - '0');
            continue;
        }
        double times = count > 0 ? count : 1;
        count = 0;
        if (c == '(') {
            open.push_back(int(rows.size()));
            rows.emplace_back();
            counts.push_back(times);
        } else if (c == ')') {
            int row = open.back();
            open.pop_back();
            double size = 0;
            for (const Item& item : rows[row]) size += item.count * item.size;
            rows[open.back()].push_back({counts.back(), size, row, ' '});
            counts.pop_back();
        } else {
            rows[open.back()].push_back({times, 1, -1, c});
        }
    }
}

char stitch(int row, double place) {
    for (const Item& item : rows[row]) {
        if (place < item.count * item.size)
            return item.row < 0 ? item.letter : stitch(item.row, std::fmod(place, item.size));
        place -= item.count * item.size;
    }
    return '?';
}

int main() {
    std::string chart;
    int q;
    std::cin >> chart >> q;
    parse(chart);
    for (double place; std::cin >> place;) std::cout << stitch(0, place - 1);
    std::cout << '\n';
}
