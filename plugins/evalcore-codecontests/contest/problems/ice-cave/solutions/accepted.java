import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.Scanner;

public class Main {
    record Place(int row, int column) {}

    static String[] cave;

    static boolean rock(int row, int column) {
        return row < 0 || row == cave.length || column < 0 || column == cave[row].length()
            || cave[row].charAt(column) == '#';
    }

    static Place slide(Place place, int down, int right) {
        int row = place.row();
        int column = place.column();
        while (!rock(row + down, column + right)) {
            row += down;
            column += right;
        }
        return new Place(row, column);
    }

    static int pushes(Place start) {
        Map<Place, Integer> needed = new HashMap<>(Map.of(start, 0));
        Queue<Place> queue = new ArrayDeque<>();
        queue.add(start);
        while (!queue.isEmpty()) {
            Place place = queue.remove();
            if (cave[place.row()].charAt(place.column()) == 'E') {
                return needed.get(place);
            }
            for (int[] step : new int[][] {{-1, 0}, {1, 0}, {0, 1}, {0, -1}}) {
                Place rest = slide(place, step[0], step[1]);
                if (needed.putIfAbsent(rest, needed.get(place) + 1) == null) {
                    queue.add(rest);
                }
            }
        }
        return -1;
    }

    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        cave = new String[in.nextInt()];
        in.nextInt();
        Place start = null;
        for (int row = 0; row < cave.length; row++) {
            cave[row] = in.next();
            if (cave[row].contains("S")) {
                start = new Place(row, cave[row].indexOf('S'));
            }
        }
        System.out.println(pushes(start));
    }
}
