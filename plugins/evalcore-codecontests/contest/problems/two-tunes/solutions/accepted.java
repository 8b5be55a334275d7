import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        String first = in.next();
        String second = in.next();
        int[][] best = new int[first.length() + 1][second.length() + 1];
        for (int i = 1; i <= first.length(); i++) {
            for (int j = 1; j <= second.length(); j++) {
                int points = Math.max(0, 2 - Math.abs(first.charAt(i - 1) - second.charAt(j - 1)));
                int skip = Math.max(best[i - 1][j], best[i][j - 1]);
                best[i][j] = Math.max(skip, best[i - 1][j - 1] + points);
            }
        }
        System.out.println(best[first.length()][second.length()]);
    }
}
