import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        String coast = new Scanner(System.in).next();
        long kinds = coast.chars().distinct().count();
        int[] held = new int[128];
        int have = 0;
        int start = 0;
        int length = coast.length();
        int first = 0;
        for (int end = 1; end <= coast.length(); end++) {
            if (held[coast.charAt(end - 1)]++ == 0) {
                have++;
            }
            while (held[coast.charAt(start)] > 1) {
                held[coast.charAt(start)]--;
                start++;
            }
            if (have == kinds && end - start < length) {
                length = end - start;
                first = start;
            }
        }
        System.out.println(length + " " + (first + 1));
    }
}
