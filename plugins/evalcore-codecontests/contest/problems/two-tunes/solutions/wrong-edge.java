import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        String first = in.next();
        String second = in.next();
        int[][] best = new int[first.length() + 1][second.length() + 1];
        for (int i = 1; i <= first.length(); i++) {
            for (int j = 1; j <= second.length(); j++) {
                int points = 2 - Math.abs(first.charAt(i - 1) - second.charAt(j - 1));
                if (points > 0) { // joins neighbours even where it should wait for an equal note
                    best[i][j] = best[i - 1][j - 1] + points;
                } else {
                    best[i][j] = Math.max(best[i - 1][j], best[i][j - 1]);
                }
            }
        }
        System.out.println(best[first.length()][second.length()]);
    }
}
