import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Scanner;

public class Main {
    /** Copies, stitches in one copy, and what is copied: a row, or a letter where the row is null. */
    record Item(long count, long size, List<Item> row, char letter) {}

    static List<Item> parse(String chart) {
        Deque<List<Item>> rows = new ArrayDeque<>();
        Deque<Long> counts = new ArrayDeque<>();
        rows.push(new ArrayList<>());
        long count = 0;
        for (char c : chart.toCharArray()) {
            if (Character.isDigit(c)) {
                count = 10 * count + (c - '0');
                continue;
            }
            long times = Math.max(count, 1);
            count = 0;
            if (c == '(') {
                rows.push(new ArrayList<>());
                counts.push(times);
            } else if (c == ')') {
                List<Item> row = rows.pop();
                long size = row.stream().mapToLong(item -> item.count * item.size).sum();
                rows.peek().add(new Item(counts.pop(), size, row, ' '));
            } else {
                rows.peek().add(new Item(times, 1, null, c));
            }
        }
        return rows.pop();
    }

    /** The letter at a place, counted from 0. */
    static char stitch(List<Item> row, long place) {
        for (Item item : row) {
            if (place < item.count * item.size) {
                return item.row == null ? item.letter : stitch(item.row, place % item.size);
            }
            place -= item.count * item.size;
        }
        throw new IllegalArgumentException("the row ends before this place");
    }

    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        List<Item> row = parse(in.next());
        int q = in.nextInt();
        StringBuilder answer = new StringBuilder();
        for (int i = 0; i < q; i++) {
            answer.append(stitch(row, in.nextLong() - 1));
        }
        System.out.println(answer);
    }
}
