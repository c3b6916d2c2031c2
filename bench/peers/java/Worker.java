import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/**
 * The external worker inside the peer's process: one thread fetches and locks, eight complete. It is woken by the
 * client that has just started an instance, which is kinder to the peer than polling by time.
 */
final class Worker<T> {
    /** Fetches and locks at most so many tasks. */
    interface Fetch<T> {
        List<T> fetch(int max) throws Exception;
    }

    private static final int BATCH = 32;
    private final Semaphore work = new Semaphore(0);

    Worker(Fetch<T> fetch, Consumer<T> complete) {
        ExecutorService pool = Executors.newFixedThreadPool(8);
        Thread fetcher = new Thread(() -> {
            while (true) {
                try {
                    work.acquire();
                    work.drainPermits();
                    List<T> tasks;
                    do {
                        tasks = fetch.fetch(BATCH);
                        tasks.forEach(task -> pool.execute(() -> complete.accept(task)));
                    } while (tasks.size() == BATCH);
                } catch (Exception e) {
                    System.err.println("worker: " + e);
                    work.release();
                }
            }
        });
        fetcher.setDaemon(true);
        fetcher.start();
    }

    void wake() {
        work.release();
    }
}
