import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Scanner;

public class Main {
    record Line(int to, long p, long d) {}

    record Arrival(long minute, int port) {}

    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        int m = in.nextInt();
        long s = in.nextLong();
        List<List<Line>> lines = new ArrayList<>();
        for (int port = 0; port <= n; port++) {
            lines.add(new ArrayList<>());
        }
        for (int i = 0; i < m; i++) {
            int u = in.nextInt();
            int v = in.nextInt();
            long p = in.nextLong();
            long d = in.nextLong();
            lines.get(u).add(new Line(v, p, d));
            lines.get(v).add(new Line(u, p, d));
        }
        long[] earliest = new long[n + 1];
        Arrays.fill(earliest, -1);
        var queue = new PriorityQueue<Arrival>(Comparator.comparingLong(Arrival::minute));
        queue.add(new Arrival(s, 1));
        while (!queue.isEmpty()) {
            Arrival arrival = queue.remove();
            if (earliest[arrival.port] >= 0) {
                continue;
            }
            earliest[arrival.port] = arrival.minute;
            for (Line line : lines.get(arrival.port)) {
                long leaves = (arrival.minute + line.p - 1) / line.p * line.p;
                queue.add(new Arrival(leaves + line.d, line.to));
            }
        }
        System.out.println(earliest[n]);
    }
}
