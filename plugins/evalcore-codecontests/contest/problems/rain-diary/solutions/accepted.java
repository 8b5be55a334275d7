import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;

public class Main {
    public static void main(String[] args) throws IOException {
        var in = new BufferedReader(new InputStreamReader(System.in));
        String diary = in.readLine();
        int[] changes = new int[diary.length()]; // from the first day to each day
        for (int day = 1; day < diary.length(); day++) {
            changes[day] = changes[day - 1] + (diary.charAt(day) != diary.charAt(day - 1) ? 1 : 0);
        }
        StringBuilder answers = new StringBuilder();
        for (int q = Integer.parseInt(in.readLine()); q > 0; q--) {
            String[] span = in.readLine().split(" ");
            int left = Integer.parseInt(span[0]);
            int right = Integer.parseInt(span[1]);
            answers.append(changes[right - 1] - changes[left - 1]).append('\n');
        }
        System.out.print(answers);
    }
}
