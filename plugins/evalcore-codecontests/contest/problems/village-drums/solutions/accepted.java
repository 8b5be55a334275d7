import java.util.ArrayList;
import java.util.List;
import java.util.Scanner;

public class Main {
    /** Takes the leaves away, round by round, until one or two villages remain. */
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        List<List<Integer>> beside = new ArrayList<>();
        for (int village = 0; village <= n; village++) {
            beside.add(new ArrayList<>());
        }
        for (int village = 2; village <= n; village++) {
            int other = in.nextInt();
            beside.get(village).add(other);
            beside.get(other).add(village);
        }
        int[] paths = new int[n + 1];
        List<Integer> leaves = new ArrayList<>();
        for (int village = 1; village <= n; village++) {
            paths[village] = beside.get(village).size();
            if (paths[village] <= 1) {
                leaves.add(village);
            }
        }
        int left = n;
        int rounds = 0;
        while (left > 2) {
            left -= leaves.size();
            rounds++;
            List<Integer> next = new ArrayList<>();
            for (int leaf : leaves) {
                for (int other : beside.get(leaf)) {
                    if (--paths[other] == 1) {
                        next.add(other);
                    }
                }
            }
            leaves = next;
        }
        int drum = leaves.stream().min(Integer::compare).get();
        System.out.println(drum + " " + (rounds + left - 1));
    }
}
