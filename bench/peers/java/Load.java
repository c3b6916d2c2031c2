import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the Java peers share: the closed loop of clients and the line protocol with the harness.
 * A request is one line "JOB CLIENTS SECONDS", an answer is one JSON object on one line.
 */
final class Load {
    /** One instance from its start until it is durably ended; n is unique. */
    interface Job {
        void run(long n) throws Exception;
    }

    private static final String NOTE = "x".repeat(200);
    private static final AtomicLong NEXT = new AtomicLong();
    private static final Map<String, CompletableFuture<Void>> WAITING = new ConcurrentHashMap<>();

    private Load() {}

    /** The start data of every job: about 250 bytes. */
    static Map<String, Object> input(long n) {
        Map<String, Object> data = new HashMap<>();
        data.put("amount", n % 100);
        data.put("customer", "c" + n);
        data.put("note", NOTE);
        return data;
    }

    /** To be called before the start; the client then waits on what it got. */
    static CompletableFuture<Void> expect(String key) {
        CompletableFuture<Void> end = new CompletableFuture<>();
        WAITING.put(key, end);
        return end;
    }

    /** The instance's end is committed. */
    static void ended(String key) {
        CompletableFuture<Void> end = key == null ? null : WAITING.remove(key);
        if (end != null) {
            end.complete(null);
        }
    }

    static void await(CompletableFuture<Void> end) throws Exception {
        end.get(30, TimeUnit.SECONDS);
    }

    /** Says "ready" and serves requests until the input ends. */
    static void serve(Map<String, Job> jobs) throws Exception {
        System.out.println("{\"ready\":true,\"runtime\":\"Java " + System.getProperty("java.version") + "\"}");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] word = line.trim().split(" ");
            Job job = jobs.get(word[0]);
            System.out.println(job == null
                    ? "{\"error\":\"no job " + word[0] + "\"}"
                    : measure(word[0], job, Integer.parseInt(word[1]), Double.parseDouble(word[2])));
        }
        System.exit(0);
    }

    private static String measure(String name, Job job, int clients, double seconds) throws Exception {
        long[][] times = new long[clients][];
        AtomicLong errors = new AtomicLong();
        String[] first = {""};
        Thread[] threads = new Thread[clients];
        long began = System.nanoTime();
        long until = began + (long) (seconds * 1e9);
        for (int c = 0; c < clients; c++) {
            int me = c;
            threads[c] = new Thread(() -> times[me] = loop(job, until, errors, first));
            threads[c].start();
        }
        for (Thread t : threads) {
            t.join();
        }
        double took = (System.nanoTime() - began) / 1e9;
        long[] all = Arrays.stream(times).flatMapToLong(Arrays::stream).sorted().toArray();
        return String.format(Locale.ROOT,
                "{\"job\":\"%s\",\"clients\":%d,\"ok\":%d,\"errors\":%d,\"seconds\":%.3f,\"per_second\":%.1f,"
                        + "\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"first_error\":\"%s\"}",
                name, clients, all.length, errors.get(), took, all.length / took,
                quantile(all, 0.5), quantile(all, 0.99), first[0]);
    }

    private static long[] loop(Job job, long until, AtomicLong errors, String[] first) {
        long[] times = new long[1024];
        int count = 0;
        for (long now = System.nanoTime(); now < until; ) {
            try {
                job.run(NEXT.getAndIncrement());
                long end = System.nanoTime();
                if (count == times.length) {
                    times = Arrays.copyOf(times, count * 2);
                }
                times[count++] = end - now;
                now = end;
            } catch (Exception e) {
                errors.incrementAndGet();
                synchronized (first) {
                    first[0] = first[0].isEmpty() ? e.toString().replaceAll("[^ -~]|[\"\\\\]", " ") : first[0];
                }
                now = System.nanoTime();
            }
        }
        return Arrays.copyOf(times, count);
    }

    private static double quantile(long[] sorted, double q) {
        return sorted.length == 0 ? 0 : sorted[(int) ((sorted.length - 1) * q)] / 1e6;
    }
}
