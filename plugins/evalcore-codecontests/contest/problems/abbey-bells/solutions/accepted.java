import java.util.Scanner;

public class Main {
    static int n;
    static long left;
    static long right;
    static long[] bells;

    static long gcd(long a, long b) {
        return b == 0 ? a : gcd(b, a % b);
    }

    /** Inclusion and exclusion over the sets of `together` and some bells from `bell` on. */
    static long ringing(int bell, long together, int sign) {
        if (bell == n) {
            return sign * (right / together - (left - 1) / together);
        }
        long sum = ringing(bell + 1, together, sign);
        long factor = bells[bell] / gcd(together, bells[bell]);
        if (together <= right / factor) {
            sum += ringing(bell + 1, together * factor, -sign);
        }
        return sum;
    }

    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        n = in.nextInt();
        left = in.nextLong();
        right = in.nextLong();
        bells = new long[n];
        for (int i = 0; i < n; i++) {
            bells[i] = in.nextLong();
        }
        System.out.println(right - left + 1 - ringing(0, 1, 1));
    }
}
