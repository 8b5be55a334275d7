import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        int width = in.nextInt();
        int[] words = new int[n];
        for (int i = 0; i < n; i++) {
            words[i] = in.nextInt();
        }
        int[] ragged = new int[n + 1]; // the least for the words from each one on
        for (int first = n - 1; first >= 0; first--) {
            int best = Integer.MAX_VALUE;
            int used = -1;
            for (int last = first; last < n; last++) {
                used += 1 + words[last];
                if (used > width) {
                    break;
                }
                int free = last == n - 1 ? 0 : width - used; // the last line is free to be short
                best = Math.min(best, free * free + ragged[last + 1]);
            }
            ragged[first] = best;
        }
        System.out.println(ragged[0]);
    }
}
