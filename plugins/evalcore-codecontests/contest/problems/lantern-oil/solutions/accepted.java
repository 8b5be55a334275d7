import java.math.BigInteger;
import java.util.Scanner;

public class Main {
    /** The sum of 1 + 4 + 9 + ... + n * n. */
    static BigInteger squares(long n) {
        return BigInteger.valueOf(n)
            .multiply(BigInteger.valueOf(n + 1))
            .multiply(BigInteger.valueOf(2 * n + 1))
            .divide(BigInteger.valueOf(6));
    }

    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        long a = in.nextLong();
        long b = in.nextLong();
        System.out.println(squares(b).subtract(squares(a - 1)));
    }
}
