import java.util.ArrayDeque;
import java.util.Queue;
import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int height = in.nextInt();
        int width = in.nextInt();
        char[][] cave = new char[height][];
        int[][] needed = new int[height][width];
        Queue<int[]> queue = new ArrayDeque<>();
        for (int row = 0; row < height; row++) {
            String line = in.next();
            cave[row] = line.toCharArray();
            if (line.contains("S")) {
                needed[row][line.indexOf('S')] = 1;
                queue.add(new int[] {row, line.indexOf('S')});
            }
        }
        while (!queue.isEmpty()) {
            int[] place = queue.remove();
            int pushed = needed[place[0]][place[1]];
            if (cave[place[0]][place[1]] == 'E') {
                System.out.println(pushed - 1);
                return;
            }
            for (int[] step : new int[][] {{-1, 0}, {1, 0}, {0, 1}, {0, -1}}) {
                int row = place[0];
                int column = place[1];
                while (cave[row + step[0]][column + step[1]] != '#') { // and beyond the grid?
                    row += step[0];
                    column += step[1];
                }
                if (needed[row][column] == 0) {
                    needed[row][column] = pushed + 1;
                    queue.add(new int[] {row, column});
                }
            }
        }
        System.out.println(-1);
    }
}
