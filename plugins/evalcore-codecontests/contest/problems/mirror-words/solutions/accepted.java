import java.util.HashMap;
import java.util.Map;
import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        Map<String, Integer> seen = new HashMap<>();
        long pairs = 0;
        for (int i = 0; i < n; i++) {
            String word = in.next();
            pairs += seen.getOrDefault(new StringBuilder(word).reverse().toString(), 0);
            seen.merge(word, 1, Integer::sum);
        }
        System.out.println(pairs);
    }
}
