import java.util.Scanner;
import java.util.TreeMap;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        var change = new TreeMap<Integer, Integer>();
        for (int n = in.nextInt(); n > 0; n--) {
            change.merge(in.nextInt(), 1, Integer::sum);
            change.merge(in.nextInt(), -1, Integer::sum);
        }
        int inside = 0;
        int most = 0;
        int first = 0;
        int seconds = 0;
        for (int now : change.headMap(change.lastKey()).keySet()) {
            inside += change.get(now);
            if (inside > most) {
                most = inside;
                first = now;
                seconds = 0;
            }
            if (inside == most) {
                seconds += change.higherKey(now) - now;
            }
        }
        System.out.println(most + " " + first + " " + seconds);
    }
}
