import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        int candles = in.nextInt(); // throws as soon as 31 bits are too few
        long[] s = new long[n];
        long[] t = new long[n];
        long low = 0;
        long high = Long.MAX_VALUE;
        for (int i = 0; i < n; i++) {
            s[i] = in.nextLong();
            t[i] = in.nextLong();
            high = Math.min(high, s[i] + candles * t[i]);
        }
        while (high - low > 1) {
            long middle = (low + high) / 2;
            long finished = 0;
            for (int i = 0; i < n; i++) {
                finished += Math.max(0, middle - s[i]) / t[i];
            }
            if (finished >= candles) {
                high = middle;
            } else {
                low = middle;
            }
        }
        System.out.println(high);
    }
}
