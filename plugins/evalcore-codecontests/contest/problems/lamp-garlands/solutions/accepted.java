import java.math.BigInteger;
import java.util.Scanner;

public class Main {
    static final long P = 1_000_000_007;

    static final long[] FACTORIAL = new long[100_001];

    static long choose(long n, long k) {
        if (k > n) {
            return 0;
        }
        long below = FACTORIAL[(int) k] * FACTORIAL[(int) (n - k)] % P;
        long inverse = BigInteger.valueOf(below).modInverse(BigInteger.valueOf(P)).longValue();
        return FACTORIAL[(int) n] * inverse % P;
    }

    public static void main(String[] args) {
        FACTORIAL[0] = 1;
        for (int i = 1; i < FACTORIAL.length; i++) {
            FACTORIAL[i] = FACTORIAL[i - 1] * i % P;
        }
        Scanner in = new Scanner(System.in);
        for (int q = in.nextInt(); q > 0; q--) {
            long n = in.nextLong();
            long k = in.nextLong();
            long d = in.nextLong();
            // Take d dark lamps out of each of the k - 1 gaps: then any k of the rest may shine.
            System.out.println(k == 0 ? 1 : choose(n - d * (k - 1), k));
        }
    }
}
