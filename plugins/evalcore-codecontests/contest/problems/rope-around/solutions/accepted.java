import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Scanner;

public class Main {
    record Post(long x, long y) {}

    /** Whether the way from a over b to c turns left. */
    static boolean left(Post a, Post b, Post c) {
        return (b.x - a.x) * (c.y - a.y) > (b.y - a.y) * (c.x - a.x);
    }

    /** The length of one side of the rope, from the first post to the last. */
    static double side(List<Post> posts) {
        List<Post> corners = new ArrayList<>();
        for (Post post : posts) {
            int k = corners.size();
            while (k > 1 && !left(corners.get(k - 2), corners.get(k - 1), post)) {
                corners.remove(--k);
            }
            corners.add(post);
        }
        double length = 0;
        for (int i = 1; i < corners.size(); i++) {
            Post a = corners.get(i - 1);
            Post b = corners.get(i);
            length += Math.hypot(b.x - a.x, b.y - a.y);
        }
        return length;
    }

    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        int r = in.nextInt();
        List<Post> posts = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            posts.add(new Post(in.nextLong(), in.nextLong()));
        }
        posts.sort(Comparator.comparingLong(Post::x).thenComparingLong(Post::y));
        double length = side(posts) + 2 * Math.PI * r;
        Collections.reverse(posts);
        System.out.println(String.format(Locale.ROOT, "%.9f", length + side(posts)));
    }
}
