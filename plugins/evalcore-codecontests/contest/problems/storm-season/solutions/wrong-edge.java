import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        int m = in.nextInt();
        int[] last = new int[n + 1];
        for (int storm = 1; storm <= m; storm++) {
            last[in.nextInt()] = storm;
            last[in.nextInt()] = storm;
        }
        int answer = n == 1 ? -1 : m;
        for (int island = 1; island <= n && n > 1; island++) {
            answer = Math.min(answer, last[island]); // sees single islands drop off, not groups
        }
        System.out.println(answer);
    }
}
