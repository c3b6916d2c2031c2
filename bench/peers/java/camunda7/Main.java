import com.zaxxer.hikari.HikariDataSource;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.camunda.bpm.engine.ExternalTaskService;
import org.camunda.bpm.engine.ProcessEngine;
import org.camunda.bpm.engine.RuntimeService;
import org.camunda.bpm.engine.delegate.ExecutionListener;
import org.camunda.bpm.engine.externaltask.LockedExternalTask;
import org.camunda.bpm.engine.impl.cfg.StandaloneProcessEngineConfiguration;
import org.camunda.bpm.engine.impl.cfg.TransactionState;
import org.camunda.bpm.engine.impl.context.Context;
import org.camunda.bpm.engine.impl.jobexecutor.DefaultJobExecutor;
import org.camunda.bpm.engine.impl.persistence.StrongUuidGenerator;

/** Camunda 7 embedded in this process, on PostgreSQL. Argument: the JDBC address. */
public final class Main {
    public static void main(String[] args) throws Exception {
        ProcessEngine engine = engine(args[0]);
        Model model = new Model("camunda", "http://camunda.org/schema/1.0/bpmn");
        engine.getRepositoryService().createDeployment()
                .addString("A0.bpmn", model.straight("A0", false, "asyncBefore"))
                .addString("A.bpmn", model.straight("A", true, "asyncBefore"))
                .addString("B.bpmn", model.service("B", "camunda:type=\"external\" camunda:topic=\"bench\""))
                .deploy();
        RuntimeService runtime = engine.getRuntimeService();
        ExternalTaskService tasks = engine.getExternalTaskService();
        Worker<LockedExternalTask> worker = new Worker<>(
                max -> tasks.fetchAndLock(max, "w").topic("bench", 60_000).execute(),
                task -> tasks.complete(task.getId(), "w", Map.of("ok", true)));

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
        pool.setMaximumPoolSize(32);
        DefaultJobExecutor executor = new DefaultJobExecutor();
        executor.setCorePoolSize(16);
        executor.setMaxPoolSize(16);
        executor.setQueueSize(64);
        executor.setMaxJobsPerAcquisition(32);
        ExecutionListener finished = execution -> {
            String key = execution.getProcessBusinessKey();
            Context.getCommandContext().getTransactionContext()
                    .addTransactionListener(TransactionState.COMMITTED, context -> Load.ended(key));
        };
        StandaloneProcessEngineConfiguration config = new StandaloneProcessEngineConfiguration();
        config.setDataSource(pool);
        config.setDatabaseSchemaUpdate("true");
        config.setHistory("audit");
        config.setEnforceHistoryTimeToLive(false);
        config.setIdGenerator(new StrongUuidGenerator());
        config.setDbMetricsReporterActivate(false);
        config.setJobExecutor(executor);
        config.setJobExecutorActivate(true);
        config.setBeans(new HashMap<>(Map.of("finished", finished)));
        return config.buildProcessEngine();
    }
}
