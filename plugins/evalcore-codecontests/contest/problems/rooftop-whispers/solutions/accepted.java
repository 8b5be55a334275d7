import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        int[] heights = new int[n];
        Deque<Integer> flying = new ArrayDeque<>(); // houses whose whisper is still in the air
        long passed = 0;
        for (int house = 0; house < n; house++) {
            heights[house] = in.nextInt();
            while (!flying.isEmpty() && heights[flying.peek()] <= heights[house]) {
                passed += house - flying.pop() - 1;
            }
            flying.push(house);
        }
        while (!flying.isEmpty()) {
            passed += n - 1 - flying.pop();
        }
        System.out.println(passed);
    }
}
