import java.util.Scanner;

public class Main {
    /** Exact as long as the numbers fit into 63 bits. */
    static long choose(long n, long k) {
        long result = k > n ? 0 : 1;
        for (long i = 0; i < k && result > 0; i++) {
            result = result * (n - i) / (i + 1);
        }
        return result;
    }

    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        for (int q = in.nextInt(); q > 0; q--) {
            long n = in.nextLong();
            long k = in.nextLong();
            long d = in.nextLong();
            long ways = k == 0 ? 1 : choose(n - d * (k - 1), k);
            System.out.println(ways % 1_000_000_007);
        }
    }
}
