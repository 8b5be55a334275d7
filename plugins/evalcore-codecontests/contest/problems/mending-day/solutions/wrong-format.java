import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Scanner;

public class Main {
    record Coat(int t, int d) {}

    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        List<Coat> coats = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            coats.add(new Coat(in.nextInt(), in.nextInt()));
        }
        coats.sort(Comparator.comparingInt(Coat::d));
        var mended = new PriorityQueue<Integer>(Comparator.reverseOrder());
        long minutes = 0;
        for (Coat coat : coats) {
            mended.add(coat.t);
            minutes += coat.t;
            if (minutes > coat.d) {
                minutes -= mended.remove();
            }
        }
        System.out.printf("%d coats in %d:%02d hours%n", mended.size(), minutes / 60, minutes % 60);
    }
}
