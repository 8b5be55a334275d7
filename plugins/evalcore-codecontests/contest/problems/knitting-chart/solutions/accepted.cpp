#include <iostream>
#include <string>
#include <vector>

struct Item {
    long long count, size;  // copies, and stitches in one copy
    int row;                // the row in brackets, or -1 for a stitch
    char letter;
};

std::vector<std::vector<Item>> rows(1);

void parse(const std::string& chart) {
    std::vector<int> open{0};
    std::vector<long long> counts;
    long long count = 0;
    for (char c : chart) {
        if ('0' <= c && c <= '9') {
            count = 10 * count + (c - '0');
            continue;
        }
        long long times = count ? count : 1;
        count = 0;
        if (c == '(') {
            open.push_back(int(rows.size()));
            rows.emplace_back();
            counts.push_back(times);
        } else if (c == ')') {
            int row = open.back();
            open.pop_back();
            long long size = 0;
            for (const Item& item : rows[row]) size += item.count * item.size;
            rows[open.back()].push_back({counts.back(), size, row, ' '});
            counts.pop_back();
        } else {
            rows[open.back()].push_back({times, 1, -1, c});
        }
    }
}

// The letter at a place, counted from 0.
char stitch(long long place) {
    int row = 0;
    while (true) {
        for (const Item& item : rows[row]) {
            if (place < item.count * item.size) {
                if (item.row < 0) return item.letter;
                place %= item.size;
                row = item.row;
                break;
            }
            place -= item.count * item.size;
        }
    }
}

int main() {
    std::string chart;
    int q;
    std::cin >> chart >> q;
    parse(chart);
    for (long long place; std::cin >> place;) std::cout << stitch(place - 1);
    std::cout << '\n';
}
