import java.util.Scanner;

public class Main {
    static int n;
    static int[][] harmony;

    /** Tries every order of the singers who wait. */
    static int best(int last, int waiting) {
        if (waiting == 0) {
            return 0;
        }
        int best = Integer.MIN_VALUE;
        for (int j = 0; j < n; j++) {
            if ((waiting >> j & 1) == 1) {
                int gain = last < 0 ? 0 : harmony[last][j];
                best = Math.max(best, gain + best(j, waiting ^ 1 << j));
            }
        }
        return best;
    }

    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        n = in.nextInt();
        harmony = new int[n][n];
        for (int[] row : harmony) {
            for (int j = 0; j < n; j++) {
                row[j] = in.nextInt();
            }
        }
        System.out.println(best(-1, (1 << n) - 1));
    }
}
