#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <utility>
#include <vector>

using Post = std::pair<long long, long long>;

// Whether the way from a over b to c turns left.
bool left(Post a, Post b, Post c) {
    return (b.first - a.first) * (c.second - a.second) >
           (b.second - a.second) * (c.first - a.first);
}

// The length of one side of the rope, from the first post to the last.
double side(const std::vector<Post>& posts) {
    std::vector<Post> corners;
    for (Post post : posts) {
        while (corners.size() > 1 && !left(corners[corners.size() - 2], corners.back(), post))
            corners.pop_back();
        corners.push_back(post);
    }
    double length = 0;
    for (size_t i = 1; i < corners.size(); ++i)
        length += std::hypot(corners[i].first - corners[i - 1].first,
                             corners[i].second - corners[i - 1].second);
    return length;
}

int main() {
    int n, r;
    std::cin >> n >> r;
    std::vector<Post> posts(n);
    for (auto& [x, y] : posts) std::cin >> x >> y;
    std::sort(posts.begin(), posts.end());
    double length = side(posts) + 2 * std::acos(-1.0) * r;
    std::reverse(posts.begin(), posts.end());
    std::printf("%.9f\n", length + side(posts));
}
