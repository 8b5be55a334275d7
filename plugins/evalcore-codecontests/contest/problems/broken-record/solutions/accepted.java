import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int m = in.nextInt();
        String notes = in.next();
        int n = notes.length();
        int[] border = new int[n + 1]; // the longest beginning that is also the end
        border[0] = -1;
        for (int i = 0; i < n; i++) {
            int length = border[i];
            while (length >= 0 && notes.charAt(length) != notes.charAt(i)) {
                length = border[length];
            }
            border[i + 1] = length + 1;
        }
        int length = border[n];
        while (n - length < m) {
            length = border[length];
        }
        System.out.println(n - length);
    }
}
