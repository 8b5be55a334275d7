import java.util.Scanner;

public class Main {
    static int[] leader;

    static int find(int island) {
        while (leader[island] != island) {
            leader[island] = leader[leader[island]];
            island = leader[island];
        }
        return island;
    }

    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        int m = in.nextInt();
        int[] us = new int[m];
        int[] vs = new int[m];
        for (int i = 0; i < m; i++) {
            us[i] = in.nextInt();
            vs[i] = in.nextInt();
        }
        leader = new int[n + 1];
        for (int island = 1; island <= n; island++) {
            leader[island] = island;
        }
        int groups = n;
        int storm = m; // the bridges come back in reverse order, until all islands hang together
        while (groups > 1 && storm > 0) {
            storm--;
            int u = find(us[storm]);
            int v = find(vs[storm]);
            if (u != v) {
                leader[u] = v;
                groups--;
            }
        }
        System.out.println(groups > 1 ? 0 : storm == m ? -1 : storm + 1);
    }
}
