import java.util.Scanner;

public class Main {
    /** The number of valleys among the first k creases of a strip with `all` creases. */
    static long valleys(long all, long k) {
        if (k == 0) {
            return 0;
        }
        long half = all / 2; // creases on each side of the middle
        if (k <= half) {
            return valleys(half, k);
        }
        long right = k - half - 1;
        // Left of the middle are as many valleys as ridges right of it: the part that is not
        // mirrored yet adds its valleys, everything else cancels out.
        return 1 + right + valleys(half, half - right);
    }

    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        long all = (1L << in.nextInt()) - 1;
        for (int q = in.nextInt(); q > 0; q--) {
            long left = in.nextLong();
            long right = in.nextLong();
            System.out.println(valleys(all, right) - valleys(all, left - 1));
        }
    }
}
