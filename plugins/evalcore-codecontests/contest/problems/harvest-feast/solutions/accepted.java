import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        int m = in.nextInt();
        long[] minutes = new long[n + 1];
        List<List<Integer>> following = new ArrayList<>(List.of(List.of()));
        for (int job = 1; job <= n; job++) {
            minutes[job] = in.nextLong();
            following.add(new ArrayList<>());
        }
        int[] missing = new int[n + 1]; // how many jobs each one still waits for
        for (int i = 0; i < m; i++) {
            int a = in.nextInt();
            int b = in.nextInt();
            following.get(a).add(b);
            missing[b]++;
        }
        Deque<Integer> ready = new ArrayDeque<>();
        for (int job = 1; job <= n; job++) {
            if (missing[job] == 0) {
                ready.add(job);
            }
        }
        long[] begins = new long[n + 1];
        int done = 0;
        long latest = 0;
        while (!ready.isEmpty()) {
            int job = ready.remove();
            done++;
            long end = begins[job] + minutes[job];
            latest = Math.max(latest, end);
            for (int other : following.get(job)) {
                begins[other] = Math.max(begins[other], end);
                if (--missing[other] == 0) {
                    ready.add(other);
                }
            }
        }
        System.out.println(done == n ? latest : "impossible");
    }
}
