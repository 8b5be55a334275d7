import java.util.Scanner;
import java.util.TreeSet;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        for (int t = in.nextInt(); t > 0; t--) {
            int n = in.nextInt();
            var pages = new TreeSet<Integer>();
            for (int i = 0; i < n; i++) {
                pages.add(in.nextInt());
            }
            boolean complete = pages.size() == n && pages.last() - pages.first() == n - 1;
            System.out.println(complete ? "yes" : "no");
        }
    }
}
