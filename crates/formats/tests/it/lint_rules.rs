//! The rules of section 6.1 that `bpmn_rules.rs` does not test already: each has a test of its name.

use crate::common;
use formats::Imported;
use model::Severity::{self, Error, Hint, Refused, Warning};
use model::definition::{ElementKind, Form};
use model::limits::Limits;
use std::fmt::Write;

const HEAD: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:ruslo="http://ruslo.dev/schema/1.0"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
 targetNamespace="t" LINT>
<message id="m" name="paid"><extensionElements><zeebe:subscription correlationKey="=instance.id"/></extensionElements>
</message><message id="m2" name="sent"><extensionElements><zeebe:subscription correlationKey="=instance.id"/>
</extensionElements></message><signal id="sig" name="alarm"/><error id="err" errorCode="E"/>"#;

fn document(lint: &str, body: &str) -> String {
    let head = HEAD.replace("LINT", lint);
    format!("{head}<process id=\"proc\" isExecutable=\"true\">{body}</process></definitions>")
}

fn import_with(lint: &str, body: &str) -> Imported {
    let text = document(lint, body);
    formats::import("x.bpmn", common::keep(&text).as_bytes(), &Limits::default()).unwrap_or_else(|d| panic!("{d:?}"))
}

fn import(body: &str) -> Imported {
    import_with("", body)
}

/// `a>b c>d`: flows; `a?b` has a condition.
fn flows(list: &str) -> String {
    let mut out = String::new();
    for flow in list.split_whitespace() {
        let id = flow.replace(['>', '?'], "_");
        let (a, b, condition) = match flow.split_once('>') {
            Some((a, b)) => (a, b, ""),
            None => {
                let (a, b) = flow.split_once('?').unwrap();
                (a, b, "<conditionExpression>=true</conditionExpression>")
            }
        };
        let _ = write!(
            out,
            "<sequenceFlow id=\"{id}\" name=\"f\" sourceRef=\"{a}\" targetRef=\"{b}\">{condition}</sequenceFlow>"
        );
    }
    out
}

/// Elements by the letter that their ids begin with, joined by `list`: `s` start, `e` end, `x` exclusive, `p` parallel,
/// `o` inclusive, `c` complex, `v` event-based, `t` task, `u` user task, `m` message catch, `r` receive task,
/// `w` timer.
fn graph(list: &str) -> String {
    let mut ids: Vec<&str> = list.split([' ', '>', '?', '\n']).filter(|id| !id.is_empty()).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut out = String::new();
    for id in ids {
        let (tag, inside) = match &id[..1] {
            "s" => ("startEvent", ""),
            "e" => ("endEvent", ""),
            "x" => ("exclusiveGateway", ""),
            "p" => ("parallelGateway", ""),
            "o" => ("inclusiveGateway", ""),
            "c" => ("complexGateway", ""),
            "v" => ("eventBasedGateway", ""),
            "u" => ("userTask", ""),
            "m" => ("intermediateCatchEvent", "<messageEventDefinition messageRef=\"m\"/>"),
            "w" => (
                "intermediateCatchEvent",
                "<timerEventDefinition><timeDuration>PT1S</timeDuration></timerEventDefinition>",
            ),
            "r" => ("receiveTask", ""),
            _ => ("task", ""),
        };
        let extra = if tag == "receiveTask" { " messageRef=\"m\"" } else { "" };
        let _ = write!(out, "<{tag} id=\"{id}\" name=\"{id}\"{extra}>{inside}</{tag}>");
    }
    out + &flows(list)
}

/// Elements that a rule is reported for, with one severity.
fn at(imported: &Imported, rule: &str, severity: Severity) -> Vec<String> {
    let mut found = Vec::new();
    for d in imported.diagnostics.iter().filter(|d| d.code == rule && d.severity == severity) {
        assert!(d.message_ru.chars().any(|c| ('а'..='я').contains(&c)) && d.message_ru != d.message, "{d:?}");
        found.push(d.element.clone().unwrap_or_default());
    }
    found.sort();
    found
}

/// A table: a graph and where the rule is reported.
#[track_caller]
fn table(rule: &str, severity: Severity, cases: &[(&str, &[&str])]) {
    for (list, expected) in cases {
        let imported = import(&graph(list));
        assert_eq!(at(&imported, rule, severity), *expected, "{list}: {:#?}", imported.diagnostics);
    }
}

#[test]
fn ln_01_what_is_no_bpmn_is_refused() {
    let cases = [
        ("not well-formed", format!("{HEAD}<process>")),
        ("document type", format!("<!DOCTYPE x [<!ENTITY a \"b\">]>{HEAD}</definitions>")),
        ("external entity", format!("<!DOCTYPE x SYSTEM \"file:///etc/passwd\">{HEAD}</definitions>")),
        ("deep", format!("{HEAD}{}{}</definitions>", "<subProcess>".repeat(201), "</subProcess>".repeat(201))),
        ("another root", "<process xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\"/>".to_owned()),
        ("another namespace", "<definitions/>".to_owned()),
        ("large", " ".repeat(20_000_001)),
        (
            "many",
            format!(
                "{HEAD}{}</definitions>",
                (0..50_001).fold(String::new(), |s, n| s + &format!("<task id=\"t{n}\"/>"))
            ),
        ),
    ];
    for (name, text) in cases {
        let text = text.replace("LINT", "");
        let findings = formats::import("x.bpmn", common::keep(&text).as_bytes(), &Limits::default()).expect_err(name);
        assert!(findings.iter().all(|d| d.code == "LN-01" && d.severity == Refused), "{name}: {findings:?}");
    }
}

/// Section 1 has no construct of a later wave: LN-06 is never reported.
#[test]
fn ln_06_every_element_of_section_1_compiles() {
    let activities = [
        "<task id=\"n\"/>",
        "<manualTask id=\"n\"/>",
        "<userTask id=\"n\" name=\"n\"/>",
        "<serviceTask id=\"n\"><extensionElements><zeebe:taskDefinition type=\"j\"/></extensionElements></serviceTask>",
        "<sendTask id=\"n\" messageRef=\"m\"/>",
        "<receiveTask id=\"n\" messageRef=\"m\"/>",
        "<scriptTask id=\"n\" scriptFormat=\"javascript\"><script>1</script></scriptTask>",
        "<businessRuleTask id=\"n\"><extensionElements><zeebe:calledDecision decisionId=\"d\" resultVariable=\"r\"/>\
         </extensionElements></businessRuleTask>",
        "<callActivity id=\"n\" calledElement=\"o\"/>",
        "<subProcess id=\"n\"><startEvent id=\"i\"/></subProcess>",
        "<transaction id=\"n\"><startEvent id=\"i\"/></transaction>",
        "<adHocSubProcess id=\"n\"><task id=\"i\"/></adHocSubProcess>",
        "<exclusiveGateway id=\"n\"/>",
        "<parallelGateway id=\"n\"/>",
        "<inclusiveGateway id=\"n\"/>",
        "<complexGateway id=\"n\"/>",
        "<task id=\"n\"><multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality>\
         </multiInstanceLoopCharacteristics></task>",
        "<task id=\"n\"><standardLoopCharacteristics loopMaximum=\"2\"/></task>",
    ];
    let timer = "<timerEventDefinition><timeDuration>PT1S</timeDuration></timerEventDefinition>";
    let (message, signal) =
        ("<messageEventDefinition messageRef=\"m\"/>", "<signalEventDefinition signalRef=\"sig\"/>");
    let (error, undo) = ("<errorEventDefinition errorRef=\"err\"/>", "<compensateEventDefinition/>");
    let escalation = "<escalationEventDefinition><extensionElements/></escalationEventDefinition>";
    let condition = "<conditionalEventDefinition><condition>=true</condition></conditionalEventDefinition>";
    let mut bodies: Vec<String> =
        activities.iter().map(|n| format!("<startEvent id=\"s\"/>{n}{}", flows("s>n"))).collect();
    let event =
        |tag: &str, inside: &str| format!("<startEvent id=\"s\"/><{tag} id=\"n\">{inside}</{tag}>{}", flows("s>n"));
    let two = format!("{message}{signal}");
    for inside in [message, timer, signal, condition, &two] {
        bodies.push(event("intermediateCatchEvent", inside));
        bodies.push(format!("<startEvent id=\"n\">{inside}</startEvent>"));
        bodies.push(format!(
            "<startEvent id=\"s\"/><subProcess id=\"es\" triggeredByEvent=\"true\"><startEvent id=\"n\" \
             isInterrupting=\"false\">{inside}</startEvent></subProcess>"
        ));
    }
    for inside in ["", message, signal, undo, &two] {
        bodies.push(event("intermediateThrowEvent", inside));
        bodies.push(event("endEvent", inside));
    }
    bodies.extend([error, "<terminateEventDefinition/>"].map(|inside| event("endEvent", inside)));
    for inside in [message, timer, signal, condition, error, escalation, &two] {
        bodies.push(format!(
            "<startEvent id=\"s\"/><task id=\"t\"/><boundaryEvent id=\"n\" attachedToRef=\"t\">{inside}</boundaryEvent>{}",
            flows("s>t")
        ));
    }
    bodies.push(format!(
        "<startEvent id=\"s\"/><transaction id=\"t\"><startEvent id=\"i\"/><endEvent id=\"c\"><cancelEventDefinition/>\
         </endEvent>{}</transaction><boundaryEvent id=\"n\" attachedToRef=\"t\"><cancelEventDefinition/></boundaryEvent>{}",
        flows("i>c"),
        flows("s>t")
    ));
    for body in bodies {
        let imported = import(&body);
        assert!(imported.deployable(), "{body}: {:#?}", imported.diagnostics);
        assert!(imported.diagnostics.iter().all(|d| d.code != "LN-06"));
        let runs = |e: &model::definition::Element| !matches!(e.kind, ElementKind::Unsupported { .. });
        assert!(imported.definitions[0].elements.iter().all(runs), "{body}");
    }
}

#[test]
fn ln_08_a_path_without_an_end_event() {
    table("LN-08", Hint, &[("s>t t>e", &[]), ("s>t", &["t"]), ("s>p p>t1 p>t2 t1>e", &["t2"])]);
}

#[test]
fn ln_09_what_no_token_reaches() {
    table("LN-09", Warning, &[("s>t t>e", &[]), ("s>e t1>t2 t2>t1", &["t1", "t2"])]);
}

#[test]
fn ln_10_flows_of_a_split_have_conditions() {
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("s>x x?t1 x?t2", &[], &[]),
        ("s>x x?t1 x>t2", &["x_t2"], &[]),
        ("s>x x>t1 x>t2", &[], &["x"]),
        ("s>o o?t1 o>t2", &["o_t2"], &[]),
        ("s>p p?t1 p>t2", &["p_t1"], &[]),
    ];
    for (list, warnings, errors) in cases {
        let imported = import(&graph(list));
        assert_eq!(at(&imported, "LN-10", Warning), *warnings, "{list}");
        assert_eq!(at(&imported, "LN-10", Error), *errors, "{list}");
    }
}

#[test]
fn ln_11_the_default_flow_has_no_condition() {
    let with = |default: &str| {
        let body = graph("s>x x?t1 x>t2").replace("id=\"x\"", &format!("id=\"x\" default=\"{default}\""));
        at(&import(&body), "LN-11", Warning)
    };
    assert_eq!(with("x_t1"), ["x_t1"]);
    assert!(with("x_t2").is_empty());
}

#[test]
fn ln_12_a_parallel_join_behind_a_choice() {
    table(
        "LN-12",
        Warning,
        &[
            ("s>x x?t1 x?t2 t1>p t2>p p>e", &["p"]),
            ("s>x x?p x?t1 t1>p p>e", &["p"]),
            ("s>v v>m1 v>w1 m1>p w1>p p>e", &["p"]),
            // The choice is between two other branches of the same join.
            ("s>p1 p1>t1 p1>x x?t2 x?t3 t1>p2 t2>p2 t3>p2 p2>e", &["p2"]),
            // Sound ones.
            ("s>p1 p1>t1 p1>t2 t1>p2 t2>p2 p2>e", &[]),
            ("s>p1 p1>t1 p1>x1 x1?t2 x1?t3 t2>x2 t3>x2 t1>p2 x2>p2 p2>e", &[]),
            ("s>o o?t1 o?t2 t1>p t2>p p>e", &[]),
            // A loop around sound ones.
            ("s>x1 x1>p1 p1>t1 p1>t2 t1>p2 t2>p2 p2>x2 x2?x1 x2?e", &[]),
            ("s>x x?t1 x?t2 t1>e t2>e", &[]),
            // The choice inside of a branch ends elsewhere.
            ("s>p1 p1>t1 p1>x t1>p2 x?p2 x?e1 p2>e2", &[]),
        ],
    );
    let starts = import(&graph("s1>t1 s2>t2 t1>p t2>p p>e"));
    assert_eq!(at(&starts, "LN-12", Warning), ["p"]);
    let error = "<boundaryEvent id=\"b\" attachedToRef=\"t1\"><errorEventDefinition/></boundaryEvent>";
    let interrupted = import(&format!("{}{error}{}", graph("s>t1 t1>p p>e"), flows("b>p")));
    assert_eq!(at(&interrupted, "LN-12", Warning), ["p"]);
}

#[test]
fn ln_12_an_exclusive_merge_of_parallel_branches() {
    table(
        "LN-12",
        Warning,
        &[
            ("s>p p>t1 p>t2 t1>x t2>x x>t3 t3>e", &["x"]),
            ("s>p1 p1>t1 p1>x1 x1?t2 x1?t3 t1>x2 t2>x2 t3>x2 x2>e", &["x2"]),
            // Without a gateway the flows of an activity are a parallel split as well.
            ("s>t0 t0>t1 t0>t2 t1>x t2>x x>e", &["x"]),
            ("s>t0 t0?t1 t0?t2 t1>x t2>x x>e", &[]),
            ("s>x1 x1?t1 x1?t2 t1>x2 t2>x2 x2>e", &[]),
            ("s>o o?t1 o?t2 t1>x t2>x x>e", &[]),
        ],
    );
}

/// The graphs that tangle dominators most: a ladder of loops, and every element joined to every other.
#[test]
fn ln_12_is_quick_on_tangled_graphs() {
    let mut ladder = String::from("s>x0 ");
    for n in 0..1_500 {
        let _ = write!(ladder, "x{n}?x{} x{n}?p{n} p{n}>x{} ", n + 1, n.max(1) - 1);
    }
    import(&graph(&ladder));
    let mut all = String::from("s>x0 ");
    for a in 0..60 {
        for b in (0..60).filter(|b| *b != a) {
            let _ = write!(all, "x{a}?x{b} ");
        }
    }
    import(&graph(&all));
}

#[test]
fn ln_13_branches_that_meet_without_a_join() {
    table(
        "LN-13",
        Warning,
        &[
            ("s>p p>t1 p>t2 t1>t3 t2>t3 t3>e", &["t3"]),
            ("s>p1 p1>t1 p1>t2 t1>p2 t2>p2 p2>t3 t3>e", &[]),
            ("s>x x?t1 x?t2 t1>t3 t2>t3 t3>e", &[]),
        ],
    );
}

#[test]
fn ln_14_gateways_that_do_nothing_or_two_things() {
    table("LN-14", Hint, &[("s>x x>t t>e", &["x"]), ("s1>p s2>p p>t1 p>t2", &["p"]), ("s>p p>t1 p>t2", &[])]);
}

#[test]
fn ln_15_loops_wait_and_leave() {
    table(
        "LN-15",
        Warning,
        &[
            ("s>x1 x1>t t>x2 x2?x1 x2?e", &["t"]),
            ("s>x1 x1>u u>x2 x2?x1 x2?e", &[]),
            ("s>x1 x1>w w>x2 x2?x1 x2?e", &[]),
            ("s>u1 u1>u2 u2>u1", &["u1"]),
        ],
    );
}

#[test]
fn ln_16_two_flows_with_the_same_ends() {
    let body = graph("s>x x?t t>e") + "<sequenceFlow id=\"again\" name=\"f\" sourceRef=\"x\" targetRef=\"t\"/>";
    assert_eq!(at(&import(&body), "LN-16", Warning), ["again"]);
    assert!(at(&import(&graph("s>x x?t t>e")), "LN-16", Warning).is_empty());
}

#[test]
fn ln_17_what_stands_behind_an_event_based_gateway() {
    table(
        "LN-17",
        Error,
        &[
            ("s>v v>m v>w m>e1 w>e2", &[]),
            ("s>v v>r v>w r>e1 w>e2", &[]),
            ("s>v v>t v>w", &["t"]),
            ("s>v v>e v>w", &["e"]),
            ("s>p p>v p>m v>m v>w", &["m"]),
            ("s>v v>m v>r", &["r"]),
            ("s>v v>m1 v>m2", &[]),
        ],
    );
    let instantiating = |list: &str| {
        let body = graph(list).replace("id=\"v\"", "id=\"v\" instantiate=\"true\"");
        at(&import(&body), "LN-17", Error)
    };
    assert!(instantiating("v>m1 v>m2 m1>e m2>e").is_empty());
    assert_eq!(instantiating("v>m v>w"), ["w"]);
    assert_eq!(instantiating("s>v v>m1 v>m2"), ["v"]);
    let task =
        graph("s>v v>r v>w") + "<boundaryEvent id=\"b\" attachedToRef=\"r\"><errorEventDefinition/></boundaryEvent>";
    assert_eq!(at(&import(&task), "LN-17", Error), ["r"]);
    let link = "<intermediateCatchEvent id=\"l\"><linkEventDefinition name=\"l\"/></intermediateCatchEvent>";
    assert_eq!(at(&import(&format!("{}{link}{}", graph("s>v v>w"), flows("v>l"))), "LN-17", Error), ["l"]);
    let parallel = graph("s>v v>m v>w").replace("id=\"v\"", "id=\"v\" eventGatewayType=\"Parallel\"");
    assert_eq!(at(&import(&parallel), "LN-17", Error), ["v"]);
}

#[test]
fn ln_18_links_come_in_pairs() {
    let link =
        |tag: &str, id: &str, name: &str| format!("<{tag} id=\"{id}\"><linkEventDefinition name=\"{name}\"/></{tag}>");
    let (throw, catch) = ("intermediateThrowEvent", "intermediateCatchEvent");
    let cases: [(Vec<String>, &[&str]); 4] = [
        (vec![link(throw, "a", "on"), link(catch, "z", "on")], &[]),
        (vec![link(throw, "a", "on"), link(throw, "b", "on"), link(catch, "z", "on")], &[]),
        (vec![link(throw, "a", "on"), link(catch, "z", "off")], &["a", "z"]),
        (vec![link(throw, "a", "on"), link(catch, "y", "on"), link(catch, "z", "on")], &["z"]),
    ];
    for (events, expected) in cases {
        let imported = import(&format!("<startEvent id=\"s\"/>{}", events.concat()));
        assert_eq!(at(&imported, "LN-18", Error), expected, "{events:?}");
    }
}

#[test]
fn ln_21_literals_of_timers() {
    let timer = |kind: &str, text: &str| {
        let inside = format!("<timerEventDefinition><{kind}>{text}</{kind}></timerEventDefinition>");
        import(&format!(
            "<startEvent id=\"s\"/><intermediateCatchEvent id=\"w\">{inside}</intermediateCatchEvent>{}",
            flows("s>w")
        ))
    };
    for (kind, good, bad) in [
        ("timeDate", "2026-01-31T10:00:00+03:00", "tomorrow"),
        ("timeDate", "2026-01-31T10:00:00Z", "2026-13-31T10:00:00Z"),
        ("timeDuration", "PT15M", "15 minutes"),
        ("timeDuration", "P1DT2H", "P"),
        ("timeCycle", "R3/PT10M", "R3"),
        ("timeCycle", "0 0 9 * * MON-FRI", "0 0 99 * * *"),
        ("timeDuration", "=wait", ""),
    ] {
        assert!(at(&timer(kind, good), "LN-21", Error).is_empty(), "{good}");
        assert_eq!(at(&timer(kind, bad), "LN-21", Error), ["w"], "{bad}");
    }
    // TM-8: of a cycle only the first firing counts there.
    assert_eq!(at(&timer("timeCycle", "R3/PT10M"), "LN-21", Warning), ["w"]);
}

#[test]
fn ln_22_expressions_are_read() {
    let condition = |text: &str| {
        let flow = format!(
            "<sequenceFlow id=\"f\" sourceRef=\"x\" targetRef=\"t\"><conditionExpression>{text}</conditionExpression></sequenceFlow>"
        );
        let imported = import(&(graph("s>x x>e") + "<task id=\"t\"/>" + &flow));
        at(&imported, "LN-22", Error)
    };
    assert!(condition("=1 &lt; 2").is_empty());
    for wrong in ["=1 +", "a &gt; 1", "=unknown function(1)", "=nothing(1)"] {
        assert_eq!(condition(wrong), ["f"], "{wrong}");
    }
    let script =
        "<startEvent id=\"s\"/><scriptTask id=\"n\" scriptFormat=\"javascript\"><script>let = </script></scriptTask>";
    assert_eq!(at(&import(&format!("{script}{}", flows("s>n"))), "LN-22", Error), ["n"]);
}

#[test]
fn ln_22_variables_that_nothing_writes_before() {
    let script = |id: &str, source: &str, result: &str| {
        format!(
            "<scriptTask id=\"{id}\"><extensionElements><zeebe:script expression=\"={source}\" resultVariable=\"{result}\"/>\
             </extensionElements></scriptTask>"
        )
    };
    let (first, second) = (script("n1", "1", "a"), script("n2", "a + b", "c"));
    let hints = |body: &str| {
        let imported = import(&format!("<startEvent id=\"s\"/>{body}"));
        assert!(imported.deployable(), "{:#?}", imported.diagnostics);
        at(&imported, "LN-22", Hint)
    };
    // `a` is written before, `b` is not.
    assert_eq!(hints(&format!("{first}{second}{}", flows("s>n1 n1>n2"))), ["n2"]);
    // The other way round neither is.
    assert_eq!(hints(&format!("{second}{first}{}", flows("s>n2 n2>n1"))), ["n2", "n2"]);
    // People may write anything, and so may a loop's later part.
    let person = "<userTask id=\"u\" name=\"u\"/>";
    assert!(hints(&format!("{person}{second}{}", flows("s>u u>n2"))).is_empty());
    // Into and out of sub-processes.
    let inner = format!("<subProcess id=\"sub\"><startEvent id=\"i\"/>{first}{}</subProcess>", flows("i>n1"));
    assert_eq!(hints(&format!("{inner}{second}{}", flows("s>sub sub>n2"))), ["n2"]);
    // Declared parameters are known.
    let declared = "<extensionElements><ruslo:declaration as=\"parameter\" key=\"a\"/><ruslo:declaration as=\"variable\" \
                    key=\"b\"/></extensionElements>";
    assert!(hints(&format!("{declared}{second}{}", flows("s>n2"))).is_empty());
}

#[test]
fn ln_23_repetition_says_how_often() {
    let with = |inside: &str| {
        let imported = import(&format!("<startEvent id=\"s\"/><task id=\"t\">{inside}</task>{}", flows("s>t")));
        at(&imported, "LN-23", Error).len()
    };
    for (wrong, right) in [
        (
            "<multiInstanceLoopCharacteristics/>",
            "<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>",
        ),
        ("<standardLoopCharacteristics/>", "<standardLoopCharacteristics loopMaximum=\"3\"/>"),
    ] {
        assert_eq!((with(wrong), with(right)), (1, 0), "{wrong}");
    }
}

#[test]
fn ln_25_a_throw_that_reaches_no_handler() {
    let throw = "<intermediateThrowEvent id=\"undo\"><compensateEventDefinition/></intermediateThrowEvent>";
    let handler = "<boundaryEvent id=\"b\" attachedToRef=\"t\"><compensateEventDefinition/></boundaryEvent>\
                   <task id=\"h\" isForCompensation=\"true\"/><association id=\"a\" sourceRef=\"b\" targetRef=\"h\"/>";
    let with = |more: &str| {
        let imported = import(&format!("<startEvent id=\"s\"/><task id=\"t\"/>{throw}{more}{}", flows("s>t t>undo")));
        assert!(imported.deployable(), "{:#?}", imported.diagnostics);
        at(&imported, "LN-25", Warning)
    };
    assert_eq!(with(""), ["undo"]);
    assert!(with(handler).is_empty());
}

#[test]
fn ln_25_a_compensation_event_sub_process_stands_in_a_sub_process() {
    let undo = "<subProcess id=\"u\" triggeredByEvent=\"true\"><startEvent id=\"us\"><compensateEventDefinition/>\
                </startEvent><endEvent id=\"ue\"/><sequenceFlow id=\"fu\" sourceRef=\"us\" targetRef=\"ue\"/></subProcess>";
    let with = |tag: &str, inside: &str, beside: &str| {
        let inner = format!("<{tag} id=\"q\"><startEvent id=\"qs\"/>{inside}</{tag}>");
        import(&format!("<startEvent id=\"s\"/>{inner}{beside}{}", flows("s>q")))
    };
    for tag in ["subProcess", "transaction"] {
        let inside = with(tag, undo, "");
        assert!(inside.deployable() && at(&inside, "LN-25", Error).is_empty(), "{:#?}", inside.diagnostics);
    }
    let beside = with("subProcess", "", undo);
    assert!(!beside.deployable());
    assert_eq!(at(&beside, "LN-25", Error), ["u"]);
}

#[test]
fn ln_26_and_tx_5_transactions_are_cancelled_from_inside() {
    let cancel = "<cancelEventDefinition/>";
    let end = format!("<endEvent id=\"c\">{cancel}</endEvent>");
    let boundary =
        |id: &str, host: &str| format!("<boundaryEvent id=\"{id}\" attachedToRef=\"{host}\">{cancel}</boundaryEvent>");
    let with = |tag: &str, inside: &str, more: &str| {
        import(&format!(
            "<startEvent id=\"s\"/><{tag} id=\"x\"><startEvent id=\"i\"/>{inside}</{tag}>{more}{}",
            flows("s>x")
        ))
    };
    let inner = format!("{end}{}", flows("i>c"));
    // TX-3: without a cancel boundary event the token ends there.
    let bare = with("transaction", &inner, "");
    assert_eq!(at(&bare, "LN-26", Warning), ["x"]);
    assert!(bare.deployable());
    let whole = with("transaction", &inner, &boundary("b", "x"));
    assert!(whole.deployable() && at(&whole, "LN-26", Warning).is_empty());
    // A cancel end event may stand in a sub-process of the transaction.
    let deeper =
        format!("<subProcess id=\"d\"><startEvent id=\"j\"/>{end}{}</subProcess>{}", flows("j>c"), flows("i>d"));
    assert!(with("transaction", &deeper, &boundary("b", "x")).deployable());
    // TX-5.
    assert_eq!(at(&with("subProcess", &inner, ""), "LN-26", Error), ["c"]);
    assert_eq!(at(&with("subProcess", "", &boundary("b", "x")), "LN-26", Error), ["b"]);
    let two = boundary("b1", "x") + &boundary("b2", "x");
    assert_eq!(at(&with("transaction", &inner, &two), "LN-26", Error), ["b2"]);
}

#[test]
fn ln_27_what_has_no_effect_here_is_told() {
    let imported = import(&format!(
        "<startEvent id=\"s\"/><task id=\"t\" camunda:surprise=\"1\"><extensionElements><camunda:toy/></extensionElements>\
         </task>{}",
        flows("s>t")
    ));
    assert_eq!(at(&imported, "LN-27", Warning), ["t"]);
    assert!(imported.deployable());
}

#[test]
fn ln_27_data_inputs_of_a_process_are_not_asked_for() {
    let imported = import(&format!(
        "<ioSpecification><dataInput id=\"d\" name=\"amount\"/><inputSet><dataInputRefs>d</dataInputRefs></inputSet>\
         <outputSet/></ioSpecification><startEvent id=\"s\"/><task id=\"t\"/>{}",
        flows("s>t")
    ));
    assert_eq!(at(&imported, "LN-27", Warning), ["d"]);
    assert!(imported.deployable());
}

#[test]
fn ln_28_templates_and_their_constraints() {
    let task = |attributes: &str, inside: &str| {
        import(&format!(
            "<startEvent id=\"s\"/><serviceTask id=\"n\" {attributes}><extensionElements>{inside}</extensionElements>\
             </serviceTask>{}",
            flows("s>n")
        ))
    };
    let http = |method: &str, url: &str| {
        format!(
            "<zeebe:taskDefinition type=\"ruslo:http\"/><zeebe:ioMapping><zeebe:input target=\"method\" source=\"{method}\"/>\
             <zeebe:input target=\"url\" source=\"{url}\"/></zeebe:ioMapping>"
        )
    };
    let named = "zeebe:modelerTemplate=\"ruslo:http\" zeebe:modelerTemplateVersion=\"1\"";
    let good = task(named, &http("GET", "https://example.org"));
    assert!(good.deployable() && at(&good, "LN-28", Warning).is_empty(), "{:#?}", good.diagnostics);
    assert!(task(named, &http("GET", "=address")).deployable());
    assert_eq!(at(&task(named, &http("GOT", "https://example.org")), "LN-28", Error), ["n"]);
    assert_eq!(at(&task(named, &http("GET", "")), "LN-28", Error), ["n"]);
    let old = http("GET", "https://example.org");
    for unknown in [
        "zeebe:modelerTemplate=\"io.camunda.connectors.HttpJson.v2\" zeebe:modelerTemplateVersion=\"3\"",
        "zeebe:modelerTemplate=\"ruslo:http\" zeebe:modelerTemplateVersion=\"9\"",
    ] {
        let imported = task(unknown, &old);
        assert!(imported.deployable());
        assert_eq!(at(&imported, "LN-28", Warning), ["n"], "{unknown}");
    }
    assert!(at(&task("zeebe:modelerTemplate=\"app.local.1.md5\"", &old), "LN-28", Warning).is_empty());
}

#[test]
fn ln_28_templates_of_apps() {
    let template = |version: u32, wanted: &str| {
        serde_json::json!({
            "id": "app.local.1.md5", "version": version, "name": "MD5",
            "appliesTo": ["bpmn:Task", "bpmn:ServiceTask"], "elementType": {"value": "bpmn:ServiceTask"},
            "properties": [
                {"type": "Hidden", "value": "rest_1", "binding": {"type": "zeebe:taskDefinition", "property": "type"}},
                {"id": "text", "label": "Text", "constraints": {"notEmpty": true, "maxLength": 5},
                 "binding": {"type": "zeebe:input", "name": "text"}},
                {"id": "mode", "type": "Dropdown", "choices": [{"value": wanted}],
                 "binding": {"type": "zeebe:taskHeader", "key": "mode"}},
                {"id": "result", "constraints": {"pattern": "^[a-z]+$"},
                 "binding": {"type": "zeebe:output", "source": "=answer"}, "optional": true},
            ],
        })
    };
    let templates = [
        template(1, "old"),
        template(3, "new"),
        serde_json::json!({
            "id": "app.local.1.event", "name": "Event", "appliesTo": ["bpmn:Event"], "properties": [],
        }),
    ];
    let model = |tag: &str, attributes: &str, inside: &str| {
        document(
            "",
            &format!(
                "<startEvent id=\"s\"/><{tag} id=\"n\" zeebe:modelerTemplate={attributes}><extensionElements>{inside}\
             </extensionElements></{tag}>{}",
                flows("s>n")
            ),
        )
    };
    let read = |text: &str| {
        let around = formats::Around { templates: Some(&templates), ..formats::Around::default() };
        let imported =
            formats::import_among("x.bpmn", common::keep(text).as_bytes(), &around, &Limits::default()).unwrap();
        let found = imported.diagnostics.into_iter().filter(|d| d.code == "LN-28").map(|d| (d.severity, d.message));
        found.collect::<Vec<_>>()
    };
    let elsewhere = (
        "The element template is for bpmn:ServiceTask, and stands on another element",
        "The element template is for bpmn:Event, and stands on another element",
    );
    let (job, text) = ("<zeebe:taskDefinition type=\"rest_1\"/>", "<zeebe:input target=\"text\" source=\"a\"/>");
    let filled = |job: &str, input: &str, mode: &str, output: &str| {
        format!(
            "{job}<zeebe:ioMapping>{input}<zeebe:output source=\"=answer\" target=\"{output}\"/></zeebe:ioMapping>\
             <zeebe:taskHeaders><zeebe:header key=\"mode\" value=\"{mode}\"/></zeebe:taskHeaders>"
        )
    };
    let of = |version: u32| format!("\"app.local.1.md5\" zeebe:modelerTemplateVersion=\"{version}\"");
    let md5 = of(3);
    let md5 = md5.as_str();
    let form = "`result` does not have the form that is asked for";
    let good = filled(job, text, "new", "hash");
    let other = "<zeebe:taskDefinition type=\"rest_2\"/>";
    let long = text.replace("\"a\"", "\"abcdef\"");
    for (tag, attributes, inside, expected) in [
        ("serviceTask", md5, good.clone(), None),
        ("serviceTask", "\"app.local.1.md5\"", good.clone(), None),
        ("serviceTask", md5, filled(job, &text.replace("\"a\"", "\"=a + b + c\""), "new", "hash"), None),
        ("serviceTask", md5, filled(job, "", "new", "hash"), Some((Error, "`Text` must be filled in"))),
        ("serviceTask", md5, filled(job, &long, "new", "hash"), Some((Error, "`Text` may have at most 5 characters"))),
        ("serviceTask", md5, filled(job, text, "old", "hash"), Some((Error, "`mode` must be one of new"))),
        ("serviceTask", md5, filled(job, text, "new", "Hash"), Some((Error, form))),
        ("serviceTask", md5, filled("", text, "new", "hash"), Some((Error, "`type` must be `rest_1`"))),
        ("serviceTask", md5, filled(other, text, "new", "hash"), Some((Error, "`type` must be `rest_1`"))),
        ("userTask", md5, good.clone(), Some((Error, elsewhere.0))),
        ("intermediateThrowEvent", "\"app.local.1.event\"", String::new(), None),
        ("callActivity", "\"app.local.1.event\"", String::new(), Some((Error, elsewhere.1))),
        // The version that is asked for is looked at where it is there; of others little is known.
        ("serviceTask", &of(1), filled(job, text, "old", "hash"), None),
        ("serviceTask", &of(2), filled(job, text, "old", "hash"), Some((Warning, "`mode` must be one of new"))),
        (
            "serviceTask",
            &of(4),
            filled(job, text, "old", "hash"),
            Some((Warning, "Version `4` of the element template is not known here: the newest is 3")),
        ),
        (
            "serviceTask",
            "\"app.local.1.gone\"",
            good.clone(),
            Some((
                Warning,
                "The element template `app.local.1.gone` is not known here: the element runs as it is drawn",
            )),
        ),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|(severity, message)| (severity, message.to_owned())).collect();
        assert_eq!(read(&model(tag, attributes, &inside)), expected, "{tag} {attributes} {inside}");
    }
}

#[test]
fn ln_29_expressions_for_people() {
    let condition = |kind: &str, text: &str| {
        let flow = format!(
            "<sequenceFlow id=\"f\" sourceRef=\"x\" targetRef=\"t\"><conditionExpression {kind}>{text}</conditionExpression>\
             </sequenceFlow>"
        );
        import(&(graph("s>x x>e") + "<task id=\"t\"/>" + &flow))
    };
    let informal = condition("xsi:type=\"tExpression\"", "=true");
    assert_eq!(at(&informal, "LN-29", Warning), ["f"]);
    assert!(informal.deployable());
    let prose = condition("", "the customer agrees");
    assert_eq!(at(&prose, "LN-29", Warning), ["f"]);
    assert_eq!(at(&prose, "LN-22", Error), ["f"]);
    for formal in ["xsi:type=\"tFormalExpression\"", ""] {
        assert!(at(&condition(formal, "=true"), "LN-29", Warning).is_empty());
    }
}

#[test]
fn ln_30_labels_and_shapes() {
    let imported =
        import(&graph("s>x x?u x?e").replace(" name=\"u\"", "").replace(" name=\"x\"", "").replace(" name=\"f\"", ""));
    assert_eq!(at(&imported, "LN-30", Hint), ["u", "x", "x_e", "x_u"]);
    let shape = |id: &str, x: &str| {
        format!(
            "<di:BPMNShape bpmnElement=\"{id}\"><dc:Bounds x=\"{x}\" y=\"0\" width=\"100\" height=\"80\"/></di:BPMNShape>"
        )
    };
    let drawn = |second: &str| {
        let head = HEAD.replace(
            "LINT",
            "xmlns:di=\"http://www.omg.org/spec/BPMN/20100524/DI\" xmlns:dc=\"http://www.omg.org/spec/DD/20100524/DC\"",
        );
        let text = format!(
            "{head}<process id=\"proc\" isExecutable=\"true\"><task id=\"a\"/><task id=\"b\"/></process><di:BPMNDiagram>\
             <di:BPMNPlane bpmnElement=\"proc\">{}{second}</di:BPMNPlane></di:BPMNDiagram></definitions>",
            shape("a", "0")
        );
        formats::import("x.bpmn", common::keep(&text).as_bytes(), &Limits::default()).unwrap()
    };
    assert_eq!(at(&drawn(&shape("b", "50")), "LN-30", Hint), ["b"]);
    assert_eq!(at(&drawn(&shape("b", "NaN")), "LN-30", Warning), ["b"]);
    assert_eq!(at(&drawn(""), "LN-30", Hint), [""]);
    assert!(at(&drawn(&shape("b", "300")), "LN-30", Hint).is_empty());
}

#[test]
fn ln_31_quantities_and_bounds() {
    let task = |attributes: &str, inside: &str| {
        let imported =
            import(&format!("<startEvent id=\"s\"/><task id=\"t\" {attributes}>{inside}</task>{}", flows("s>t")));
        at(&imported, "LN-31", Error).len()
    };
    for wrong in ["startQuantity=\"0\"", "startQuantity=\"-1\"", "completionQuantity=\"0\"", "completionQuantity=\"x\""]
    {
        assert_eq!(task(wrong, ""), 1, "{wrong}");
    }
    assert_eq!(task("startQuantity=\"2\" completionQuantity=\"2\"", ""), 0);
    let turns = |n: i32| {
        format!(
            "<multiInstanceLoopCharacteristics><loopCardinality>{n}</loopCardinality></multiInstanceLoopCharacteristics>"
        )
    };
    assert_eq!((task("", &turns(-1)), task("", &turns(0))), (1, 0));
    assert_eq!(task("", "<standardLoopCharacteristics loopMaximum=\"-1\"/>"), 1);
}

#[test]
fn ln_32_constructs_one_may_do_without_are_told_on_demand() {
    let body = graph("s>o o?t1 o?c t1>t2 t1>e1 c>e2")
        + "<intermediateCatchEvent id=\"two\"><signalEventDefinition signalRef=\"sig\"/><messageEventDefinition \
           messageRef=\"m\"/></intermediateCatchEvent>";
    let told = |lint: &str| at(&import_with(lint, &body), "LN-32", Hint);
    assert!(told("").is_empty());
    assert_eq!(told("ruslo:lint=\"no-inclusive-gateway\""), ["o"]);
    assert_eq!(told("ruslo:lint=\"no-complex-gateway no-implicit-split\""), ["c", "t1"]);
    assert_eq!(told("ruslo:lint=\"single-event-definition\""), ["two"]);
    let unknown = import_with("ruslo:lint=\"no-such-rule\"", &body);
    assert_eq!(at(&unknown, "LN-28", Warning).len(), 1);
}

/// Forms come with processes: a binding is honoured by a form of the file, and told where nothing can honour it.
#[test]
fn ln_27_bindings_of_forms() {
    let task = |definition: &str| {
        let form = "{&quot;type&quot;:&quot;default&quot;,&quot;versionTag&quot;:&quot;v1&quot;}";
        import(&format!(
            "<extensionElements><zeebe:userTaskForm id=\"order\">{form}</zeebe:userTaskForm></extensionElements>\
             <startEvent id=\"s\"/><userTask id=\"n\"><extensionElements><zeebe:userTask/>\
             <zeebe:formDefinition {definition}/></extensionElements></userTask>{}",
            flows("s>n")
        ))
    };
    let form = |imported: &Imported| {
        imported.definitions[0].elements.iter().find_map(|e| match &e.kind {
            ElementKind::UserTask(task) => task.form.clone(),
            _ => None,
        })
    };
    let by_id = |id: &str| Some(Form::Id(id.to_owned()));
    for honoured in [
        "formKey=\"camunda-forms:bpmn:order\"",
        "formId=\"order\"",
        "formId=\"order\" bindingType=\"latest\"",
        "formId=\"order\" bindingType=\"deployment\"",
        "formId=\"order\" bindingType=\"versionTag\" versionTag=\"v1\"",
    ] {
        let imported = task(honoured);
        assert!(matches!(form(&imported), Some(Form::Embedded(_))), "{honoured}");
        assert!(at(&imported, "LN-27", Warning).is_empty() && imported.deployable(), "{honoured}");
    }
    for (unmet, id) in [
        ("formId=\"order\" bindingType=\"versionTag\" versionTag=\"v2\"", "order"),
        ("formId=\"order\" bindingType=\"version\" ruslo:version=\"2\"", "order"),
        ("formId=\"other\" bindingType=\"deployment\"", "other"),
        ("formId=\"other\" bindingType=\"versionTag\" versionTag=\"v1\"", "other"),
    ] {
        let imported = task(unmet);
        assert_eq!((form(&imported), at(&imported, "LN-27", Warning)), (by_id(id), vec!["n".to_owned()]), "{unmet}");
        assert!(imported.deployable(), "{unmet}");
    }
    let latest = task("formId=\"other\"");
    assert_eq!((form(&latest), at(&latest, "LN-27", Warning).len()), (by_id("other"), 0));
    for wrong in ["bindingType=\"versionTag\"", "bindingType=\"newest\""] {
        assert_eq!(at(&task(&format!("formId=\"order\" {wrong}")), "LN-28", Error), ["n"], "{wrong}");
    }
}

/// What is found in a part of an element is shown on the element: people see no event definitions.
#[test]
fn findings_stand_on_what_people_see() {
    let imported = import(&format!(
        "<startEvent id=\"s\"/><intermediateCatchEvent id=\"n\"><timerEventDefinition id=\"inner\">\
         <timeDuration id=\"text\">soon</timeDuration></timerEventDefinition></intermediateCatchEvent>{}",
        flows("s>n")
    ));
    assert_eq!(at(&imported, "LN-21", Error), ["n"]);
}

#[test]
fn what_is_set_in_vain_is_told() {
    let task = |tag: &str, inside: &str| {
        import(&format!("<startEvent id=\"s\"/><{tag} id=\"n\">{inside}</{tag}>{}", flows("s>n")))
    };
    let extended = |tag: &str, inside: &str| task(tag, &format!("<extensionElements>{inside}</extensionElements>"));
    let job = "<zeebe:taskDefinition type=\"j\"/>";
    let header = |key: &str| format!("<zeebe:header key=\"{key}\" value=\"v\"/>");
    let headers = |a: &str, b: &str| {
        let headers = format!("{job}<zeebe:taskHeaders>{}{}</zeebe:taskHeaders>", header(a), header(b));
        at(&extended("serviceTask", &headers), "LN-27", Warning).len()
    };
    assert_eq!((headers("a", "b"), headers("a", "a")), (0, 1));
    let listener = |event: &str, more: &str| {
        let listener = format!("<zeebe:executionListener type=\"l\" eventType=\"{event}\"/>");
        let list = format!("{job}<zeebe:executionListeners>{listener}</zeebe:executionListeners>");
        let inside = format!("<extensionElements>{list}</extensionElements>{more}");
        at(&task("serviceTask", &inside), "LN-27", Warning).len()
    };
    let repeated = "<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality>\
                    </multiInstanceLoopCharacteristics>";
    assert_eq!((listener("start", ""), listener("beforeAll", repeated), listener("beforeAll", "")), (0, 0, 1));
    let form = |definition: &str| {
        let imported = extended("userTask", &format!("<zeebe:userTask/><zeebe:formDefinition {definition}/>"));
        (at(&imported, "LN-24", Warning).len(), at(&imported, "LN-27", Warning).len())
    };
    assert_eq!(
        (form("formId=\"a\""), form("formId=\"\""), form("formId=\"a\" formKey=\"b\"")),
        ((0, 0), (1, 0), (0, 1))
    );
    let priority = |value: &str| {
        let inside = format!("<zeebe:userTask/><zeebe:priorityDefinition priority=\"{value}\"/>");
        at(&extended("userTask", &inside), "LN-28", Warning).len()
    };
    assert_eq!(["0", "100", "=p", "100.5", "-1", "101"].map(priority), [0, 0, 0, 1, 1, 1]);
    let name = |inside: &str| at(&extended("scriptTask", inside), "LN-22", Warning).len();
    let script = |name: &str| format!("<zeebe:script expression=\"=1\" resultVariable=\"{name}\"/>");
    assert_eq!([script("a.b"), script("a-b")].map(|s| name(&s)), [0, 1]);
    let source = |source: &str| {
        let mapping = format!("{job}<zeebe:ioMapping><zeebe:input target=\"a\" {source}/></zeebe:ioMapping>");
        at(&extended("serviceTask", &mapping), "LN-22", Warning).len()
    };
    assert_eq!((source("source=\"\""), source("")), (0, 1));
    let ad_hoc = |inside: &str| {
        let all = import(&format!(
            "<startEvent id=\"s\"/><adHocSubProcess id=\"n\">{inside}</adHocSubProcess>{}",
            flows("s>n")
        ));
        at(&all, "LN-07", Error).len()
    };
    let only_event = "<intermediateThrowEvent id=\"t\"/>";
    assert_eq!([ad_hoc("<task id=\"t\"/>"), ad_hoc(""), ad_hoc(only_event)], [0, 1, 1]);
    assert_eq!(ad_hoc("<callActivity id=\"t\"/>"), 0);
    assert_eq!(
        at(
            &import("<extensionElements><zeebe:versionTag/></extensionElements><startEvent id=\"s\"/>"),
            "LN-28",
            Warning
        )
        .len(),
        1
    );
}
