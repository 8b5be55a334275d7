import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Scanner;

public class Main {
    record Oven(int free, int number) {}

    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int k = in.nextInt();
        String orders = in.next();
        var ovens = new PriorityQueue<Oven>(
            Comparator.comparingInt(Oven::free).thenComparingInt(Oven::number));
        for (int number = 1; number <= k; number++) {
            ovens.add(new Oven(0, number));
        }
        int latest = 0;
        int last = 0;
        for (char loaf : orders.toCharArray()) {
            Oven oven = ovens.remove();
            last = oven.number();
            int done = oven.free() + (loaf - 'a' + 1);
            ovens.add(new Oven(done, last));
            latest = Math.max(latest, done);
        }
        System.out.println(latest + " " + last);
    }
}
