import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.flowable.common.engine.impl.cfg.TransactionState;
import org.flowable.common.engine.impl.context.Context;
import org.flowable.engine.ManagementService;
import org.flowable.engine.ProcessEngine;
import org.flowable.engine.RuntimeService;
import org.flowable.engine.delegate.ExecutionListener;
import org.flowable.engine.impl.cfg.StandaloneProcessEngineConfiguration;
import org.flowable.job.api.AcquiredExternalWorkerJob;

/** Flowable embedded in this process, on PostgreSQL. Argument: the JDBC address. */
public final class Main {
    public static void main(String[] args) throws Exception {
        ProcessEngine engine = engine(args[0]);
        Model model = new Model("flowable", "http://flowable.org/bpmn");
        engine.getRepositoryService().createDeployment()
                .addString("A0.bpmn", model.straight("A0", false, "async"))
                .addString("A.bpmn", model.straight("A", true, "async"))
                .addString("B.bpmn", model.service("B", "flowable:type=\"external-worker\" flowable:topic=\"bench\""))
                .deploy();
        RuntimeService runtime = engine.getRuntimeService();
        ManagementService jobsOfEngine = engine.getManagementService();
        Worker<AcquiredExternalWorkerJob> worker = new Worker<>(
                max -> jobsOfEngine.createExternalWorkerJobAcquireBuilder()
                        .topic("bench", Duration.ofMinutes(1)).acquireAndLock(max, "w"),
                job -> jobsOfEngine.createExternalWorkerCompletionBuilder(job.getId(), "w")
                        .variable("ok", true).complete());

        Map<String, Load.Job> jobs = new HashMap<>();
        jobs.put("A0", n -> runtime.startProcessInstanceByKey("A0", "a0-" + n, Load.input(n)));
        jobs.put("A", n -> {
            CompletableFuture<Void> end = Load.expect("a-" + n);
            runtime.startProcessInstanceByKey("A", "a-" + n, Load.input(n));
            Load.await(end);
        });
        jobs.put("B", n -> {
            CompletableFuture<Void> end = Load.expect("b-" + n);
            runtime.startProcessInstanceByKey("B", "b-" + n, Load.input(n));
            worker.wake();
            Load.await(end);
        });
        Load.serve(jobs);
    }

    private static ProcessEngine engine(String url) {
        HikariDataSource pool = new HikariDataSource();
        pool.setJdbcUrl(url);
        pool.setMaximumPoolSize(100);
        ExecutionListener finished = execution -> {
            String key = execution.getProcessInstanceBusinessKey();
            Context.getTransactionContext()
                    .addTransactionListener(TransactionState.COMMITTED, context -> Load.ended(key));
        };
        StandaloneProcessEngineConfiguration config = new StandaloneProcessEngineConfiguration();
        config.setDataSource(pool);
        config.setDatabaseSchemaUpdate("true");
        config.setHistory("audit");
        config.setDisableIdmEngine(true);
        config.setDisableEventRegistry(true);
        config.setAsyncExecutorActivate(true);
        config.setBeans(new HashMap<>(Map.of("finished", finished)));
        return config.buildProcessEngine();
    }
}
