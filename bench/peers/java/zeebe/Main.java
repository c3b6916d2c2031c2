import io.camunda.zeebe.client.ZeebeClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** Client and worker of a Zeebe broker: gRPC, jobs streamed to the worker. Arguments: the broker's gRPC address. */
public final class Main {
    public static void main(String[] args) throws Exception {
        ZeebeClient client = ZeebeClient.newClientBuilder().gatewayAddress(args[0]).usePlaintext()
                .numJobWorkerExecutionThreads(2).defaultRequestTimeout(Duration.ofSeconds(30)).build();
        deploy(client);
        client.newWorker().jobType("bench")
                .handler((jobs, job) -> jobs.newCompleteCommand(job).variable("ok", true).send())
                .streamEnabled(true).maxJobsActive(128).timeout(Duration.ofMinutes(1))
                .pollInterval(Duration.ofMillis(100)).open();

        Map<String, Load.Job> jobs = new HashMap<>();
        for (String id : new String[] {"A", "B"}) {
            jobs.put(id, n -> client.newCreateInstanceCommand().bpmnProcessId(id).latestVersion()
                    .variables(Load.input(n)).withResult().requestTimeout(Duration.ofSeconds(30)).send().join());
        }
        Load.serve(jobs);
    }

    private static void deploy(ZeebeClient client) throws InterruptedException {
        for (int attempt = 1; ; attempt++) {
            try {
                client.newDeployResourceCommand()
                        .addResourceBytes(STRAIGHT.getBytes(StandardCharsets.UTF_8), "A.bpmn")
                        .addResourceBytes(SERVICE.getBytes(StandardCharsets.UTF_8), "B.bpmn").send().join();
                return;
            } catch (RuntimeException e) {
                if (attempt == 60) {
                    throw e;
                }
                Thread.sleep(500);
            }
        }
    }

    private static final String HEAD = """
            <?xml version="1.0" encoding="UTF-8"?>
            <definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
                xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
                xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="bench">
            """;

    private static String script(String id, String variable, String expression) {
        return """
            <scriptTask id="%s"><extensionElements>
              <zeebe:script expression="=%s" resultVariable="%s"/>
            </extensionElements></scriptTask>
            """.formatted(id, expression, variable);
    }

    private static final String STRAIGHT = HEAD + """
            <process id="A" isExecutable="true">
              <startEvent id="start"/>
              <sequenceFlow id="f1" sourceRef="start" targetRef="s1"/>
              <sequenceFlow id="f2" sourceRef="s1" targetRef="gw"/>
              <exclusiveGateway id="gw" default="f4"/>
              <sequenceFlow id="f3" sourceRef="gw" targetRef="s2a">
                <conditionExpression xsi:type="tFormalExpression">=total &gt; 100</conditionExpression>
              </sequenceFlow>
              <sequenceFlow id="f4" sourceRef="gw" targetRef="s2b"/>
              <sequenceFlow id="f5" sourceRef="s2a" targetRef="s3"/>
              <sequenceFlow id="f6" sourceRef="s2b" targetRef="s3"/>
              <sequenceFlow id="f7" sourceRef="s3" targetRef="end"/>
              <endEvent id="end"/>
            """ + script("s1", "total", "amount * 2") + script("s2a", "route", "&quot;big&quot;")
            + script("s2b", "route", "&quot;small&quot;") + script("s3", "done", "true") + "</process></definitions>";

    private static final String SERVICE = HEAD + """
            <process id="B" isExecutable="true">
              <startEvent id="start"/>
              <sequenceFlow id="f1" sourceRef="start" targetRef="job"/>
              <serviceTask id="job"><extensionElements>
                <zeebe:taskDefinition type="bench"/>
              </extensionElements></serviceTask>
              <sequenceFlow id="f2" sourceRef="job" targetRef="end"/>
              <endEvent id="end"/>
            </process></definitions>
            """;
}
