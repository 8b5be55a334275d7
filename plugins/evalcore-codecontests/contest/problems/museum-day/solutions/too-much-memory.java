import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        int[] a = new int[n];
        int[] b = new int[n];
        int night = 0;
        for (int i = 0; i < n; i++) {
            a[i] = in.nextInt();
            b[i] = in.nextInt();
            night = Math.max(night, b[i]);
        }
        int[] change = new int[night + 1]; // one number for each second of the day
        for (int i = 0; i < n; i++) {
            change[a[i]]++;
            change[b[i]]--;
        }
        int inside = 0;
        int most = 0;
        int first = 0;
        int seconds = 0;
        for (int second = 0; second < night; second++) {
            inside += change[second];
            if (inside > most) {
                most = inside;
                first = second;
                seconds = 0;
            }
            if (inside == most) {
                seconds++;
            }
        }
        System.out.println(most + " " + first + " " + seconds);
    }
}
