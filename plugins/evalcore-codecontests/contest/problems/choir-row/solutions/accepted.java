import java.util.Arrays;
import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        int[][] harmony = new int[n][n];
        for (int[] row : harmony) {
            for (int j = 0; j < n; j++) {
                row[j] = in.nextInt();
            }
        }
        int never = -1_000_000_000;
        int[][] best = new int[1 << n][n]; // by the set of singers placed, and the last of them
        for (int[] row : best) {
            Arrays.fill(row, never);
        }
        for (int i = 0; i < n; i++) {
            best[1 << i][i] = 0;
        }
        for (int placed = 1; placed < 1 << n; placed++) {
            for (int last = 0; last < n; last++) {
                for (int j = 0; j < n && best[placed][last] > never; j++) {
                    if ((placed >> j & 1) == 0) {
                        int[] row = best[placed | 1 << j];
                        row[j] = Math.max(row[j], best[placed][last] + harmony[last][j]);
                    }
                }
            }
        }
        System.out.println(Arrays.stream(best[(1 << n) - 1]).max().getAsInt());
    }
}
