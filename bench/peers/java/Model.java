/** The standard jobs as BPMN for the engines of the Activiti family, which differ in their namespace alone. */
final class Model {
    private final String prefix;
    private final String namespace;

    Model(String prefix, String namespace) {
        this.prefix = prefix;
        this.namespace = namespace;
    }

    /** A0: everything in one transaction; A: each step is an asynchronous job, that is a transaction of its own. */
    String straight(String id, boolean checkpoints, String asyncAttribute) {
        String async = checkpoints ? " " + prefix + ":" + asyncAttribute + "=\"true\"" : "";
        return head(id)
                + flow("f1", "start", "s1", null)
                + script("s1", "total", "${amount * 2}", async)
                + flow("f2", "s1", "gw", null)
                + "<exclusiveGateway id=\"gw\" default=\"f4\"/>"
                + flow("f3", "gw", "s2a", "${total > 100}")
                + flow("f4", "gw", "s2b", null)
                + script("s2a", "route", "${'big'}", async)
                + script("s2b", "route", "${'small'}", async)
                + flow("f5", "s2a", "s3", null)
                + flow("f6", "s2b", "s3", null)
                + script("s3", "done", "${true}", async)
                + flow("f7", "s3", "end", null)
                + "<endEvent id=\"end\"/></process></definitions>";
    }

    /** B: one job for an external worker. */
    String service(String id, String taskAttributes) {
        return head(id)
                + flow("f1", "start", "job", null)
                + "<serviceTask id=\"job\" " + taskAttributes + "/>"
                + flow("f2", "job", "end", null)
                + "<endEvent id=\"end\"/></process></definitions>";
    }

    private String head(String id) {
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><definitions"
                + " xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\""
                + " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
                + " xmlns:" + prefix + "=\"" + namespace + "\" targetNamespace=\"bench\">"
                + "<process id=\"" + id + "\" isExecutable=\"true\"><extensionElements><" + prefix
                + ":executionListener event=\"end\" delegateExpression=\"${finished}\"/></extensionElements>"
                + "<startEvent id=\"start\"/>";
    }

    private String script(String id, String variable, String text, String async) {
        return "<scriptTask id=\"" + id + "\" scriptFormat=\"juel\" " + prefix + ":resultVariable=\"" + variable + "\""
                + async + "><script>" + text + "</script></scriptTask>";
    }

    private static String flow(String id, String from, String to, String condition) {
        String head = "<sequenceFlow id=\"" + id + "\" sourceRef=\"" + from + "\" targetRef=\"" + to + "\"";
        return condition == null
                ? head + "/>"
                : head + "><conditionExpression xsi:type=\"tFormalExpression\"><![CDATA[" + condition
                        + "]]></conditionExpression></sequenceFlow>";
    }
}
