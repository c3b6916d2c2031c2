//! Rules of the BPMN contract that the importer enforces: each has a test of its name.

use crate::common;
use formats::Imported;
use model::Severity;
use model::definition::*;
use model::limits::Limits;

const HEAD: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:ruslo="http://ruslo.dev/schema/1.0" targetNamespace="t">
<message id="m" name="paid"><extensionElements><zeebe:subscription correlationKey="=orderId"/></extensionElements>
</message>
<message id="keyless" name="paid"/><message id="nameless"/>
<signal id="sig" name="alarm"/><signal id="nameless_signal"/>
<error id="err" errorCode="E"/><error id="codeless"/><escalation id="esc" escalationCode="U"/>
<error id="computed" errorCode="=code"/>"#;

/// Imports a file whose one process holds `body`, after `outside`.
fn import_with(outside: &str, body: &str) -> Imported {
    let text = format!("{HEAD}{outside}<process id=\"p\" isExecutable=\"true\">{body}</process></definitions>");
    formats::import("x.bpmn", common::keep(&text).as_bytes(), &Limits::default()).unwrap()
}

fn import(body: &str) -> Imported {
    import_with("", body)
}

/// A process that starts, does `body` (its element `x`) and ends.
fn around(body: &str) -> String {
    format!(
        "<startEvent id=\"s\"/>{body}<endEvent id=\"e\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"x\"/>\
         <sequenceFlow id=\"f2\" sourceRef=\"x\" targetRef=\"e\"/>"
    )
}

/// Findings of one severity: rule and element.
fn findings(imported: &Imported, severity: Severity) -> Vec<(String, String)> {
    let of = imported.diagnostics.iter().filter(|d| d.severity == severity);
    of.map(|d| (d.code.clone(), d.element.clone().unwrap_or_default())).collect()
}

fn errors(imported: &Imported) -> Vec<(String, String)> {
    findings(imported, Severity::Error)
}

#[track_caller]
fn refused(imported: &Imported, rule: &str, element: &str) {
    assert!(errors(imported).contains(&(rule.into(), element.into())), "{:#?}", imported.diagnostics);
    let of_rule = imported.diagnostics.iter().filter(|d| d.code == rule);
    of_rule.for_each(|d| assert!(!d.message_ru.is_empty() && d.message_ru != d.message, "{d:?}"));
}

#[track_caller]
fn warned(imported: &Imported, rule: &str, element: &str) {
    let warnings = findings(imported, Severity::Warning);
    assert!(warnings.contains(&(rule.into(), element.into())), "{:#?}", imported.diagnostics);
}

#[track_caller]
fn accepted(imported: &Imported) -> &ProcessDefinition {
    assert!(imported.deployable(), "{:#?}", imported.diagnostics);
    &imported.definitions[0]
}

fn kind<'d>(def: &'d ProcessDefinition, id: &str) -> &'d ElementKind {
    &def.element(def.find(id).unwrap()).kind
}

#[test]
fn ln_02_global_tasks_alone_can_be_deployed() {
    let text = format!("{HEAD}<globalManualTask id=\"g\"/></definitions>");
    let imported = formats::import("x.bpmn", common::keep(&text).as_bytes(), &Limits::default()).unwrap();
    assert_eq!(accepted(&imported).process_id, "g");
    let text = format!("{HEAD}<process id=\"p\"/></definitions>");
    let imported = formats::import("x.bpmn", common::keep(&text).as_bytes(), &Limits::default()).unwrap();
    refused(&imported, "LN-02", "p");
}

#[test]
fn ln_03_references_of_events_resolve() {
    for definition in [
        "<messageEventDefinition messageRef=\"nowhere\"/>",
        "<signalEventDefinition signalRef=\"nowhere\"/>",
        "<eventDefinitionRef>nowhere</eventDefinitionRef>",
        "<messageEventDefinition messageRef=\"sig\"/>",
    ] {
        let imported =
            import(&around(&format!("<intermediateCatchEvent id=\"x\">{definition}</intermediateCatchEvent>")));
        refused(&imported, "LN-03", "x");
    }
    let throw =
        "<intermediateThrowEvent id=\"x\"><compensateEventDefinition activityRef=\"no\"/></intermediateThrowEvent>";
    refused(&import(&around(throw)), "LN-03", "x");
    let prefixed =
        "<intermediateCatchEvent id=\"x\"><signalEventDefinition signalRef=\"t:sig\"/></intermediateCatchEvent>";
    accepted(&import(&around(prefixed)));
}

#[test]
fn ln_05_definitions_stand_only_where_they_mean_something() {
    let cases = [
        ("intermediateCatchEvent", "<errorEventDefinition/>"),
        ("intermediateCatchEvent", "<terminateEventDefinition/>"),
        ("intermediateThrowEvent", "<timerEventDefinition><timeDuration>PT1S</timeDuration></timerEventDefinition>"),
        ("intermediateThrowEvent", "<errorEventDefinition errorRef=\"err\"/>"),
        ("intermediateThrowEvent", "<cancelEventDefinition/>"),
        ("intermediateThrowEvent", "<quantumEventDefinition/>"),
    ];
    for (tag, definition) in cases {
        refused(&import(&around(&format!("<{tag} id=\"x\">{definition}</{tag}>"))), "LN-05", "x");
    }
    let start = "<startEvent id=\"s0\"><errorEventDefinition errorRef=\"err\"/></startEvent><task id=\"x\"/>";
    refused(&import(start), "LN-05", "s0");
    refused(&import(&around("<choreographyTask id=\"x\"/>")), "LN-05", "x");
}

#[test]
fn ln_07_several_starts_and_the_default_one() {
    let two = |mark: &str| {
        format!(
            "<startEvent id=\"a\"/><startEvent id=\"b\"{mark}/><task id=\"t\"/>\
             <sequenceFlow id=\"f1\" sourceRef=\"a\" targetRef=\"t\"/>\
             <sequenceFlow id=\"f2\" sourceRef=\"b\" targetRef=\"t\"/>"
        )
    };
    let imported = import(&two(""));
    let root = accepted(&imported).element(ROOT).kind.as_scope().unwrap().clone();
    assert_eq!((root.starts.len(), root.default_start), (2, None));
    assert!(findings(&imported, Severity::Hint).contains(&("LN-07".into(), "p".into())));
    let imported = import(&two(" ruslo:default=\"true\""));
    let def = accepted(&imported);
    assert_eq!(def.element(ROOT).kind.as_scope().unwrap().default_start, def.find("b"));
}

#[test]
fn ln_07_without_a_start_everything_that_nothing_leads_to_begins() {
    let imported = import("<task id=\"a\"/><task id=\"b\"/><sequenceFlow id=\"f\" sourceRef=\"a\" targetRef=\"b\"/>");
    warned(&imported, "LN-07", "p");
    let def = accepted(&imported);
    assert_eq!(def.element(ROOT).kind.as_scope().unwrap().implicit, [def.find("a").unwrap()]);
    refused(&import(""), "LN-07", "p");
    refused(&import(&around("<subProcess id=\"x\"/>")), "LN-07", "x");
    let triggered = "<subProcess id=\"x\"><startEvent id=\"i\"><signalEventDefinition signalRef=\"sig\"/></startEvent></subProcess>";
    refused(&import(&around(triggered)), "LN-07", "x");
    let ad_hoc = "<adHocSubProcess id=\"x\"><startEvent id=\"i\"/></adHocSubProcess>";
    refused(&import(&around(ad_hoc)), "LN-07", "x");
}

#[test]
fn es_6_an_event_sub_process_has_one_start_with_a_trigger() {
    let with = |inside: &str| {
        import(&around(&format!(
            "<task id=\"x\"/><subProcess id=\"sub\" triggeredByEvent=\"true\">{inside}</subProcess>"
        )))
    };
    let signal = "<signalEventDefinition signalRef=\"sig\"/>";
    refused(&with("<startEvent id=\"i\"/>"), "LN-07", "sub");
    refused(&with("<task id=\"i\"/>"), "LN-07", "sub");
    let two = format!("<startEvent id=\"i\">{signal}</startEvent><startEvent id=\"j\">{signal}</startEvent>");
    refused(&with(&two), "LN-07", "sub");
    accepted(&with(&format!("<startEvent id=\"i\">{signal}</startEvent>")));
}

#[test]
fn bd_6_errors_and_cancellations_always_interrupt() {
    let boundary = |definition: &str| {
        import(&around(&format!(
            "<transaction id=\"x\"><startEvent id=\"i\"/></transaction>\
             <boundaryEvent id=\"b\" attachedToRef=\"x\" cancelActivity=\"false\">{definition}</boundaryEvent>"
        )))
    };
    refused(&boundary("<errorEventDefinition/>"), "LN-04", "b");
    refused(&boundary("<cancelEventDefinition/>"), "LN-04", "b");
    accepted(&boundary("<escalationEventDefinition/>"));
    let start = "<task id=\"x\"/><subProcess id=\"sub\" triggeredByEvent=\"true\">\
                 <startEvent id=\"i\" isInterrupting=\"false\"><errorEventDefinition/></startEvent></subProcess>";
    refused(&import(&around(start)), "LN-04", "i");
}

#[test]
fn bd_6_compensation_boundaries_are_not_listeners() {
    let imported = import(&around(
        "<task id=\"x\"/><boundaryEvent id=\"b\" attachedToRef=\"x\"><compensateEventDefinition/></boundaryEvent>\
         <task id=\"undo\" isForCompensation=\"true\"/><association id=\"a\" sourceRef=\"b\" targetRef=\"undo\"/>",
    ));
    let def = accepted(&imported);
    let host = def.element(def.find("x").unwrap());
    assert!(host.boundaries.is_empty());
    assert_eq!(host.compensation_handler(), def.find("undo"));
    assert_eq!(findings(&imported, Severity::Warning), []);
}

#[test]
fn ln_25_compensation_needs_its_handler() {
    let with = |rest: &str| {
        import(&around(&format!(
            "<task id=\"x\"/><boundaryEvent id=\"b\" attachedToRef=\"x\"><compensateEventDefinition/></boundaryEvent>\
             <task id=\"undo\"/><task id=\"undo2\" isForCompensation=\"true\"/>{rest}"
        )))
    };
    refused(&with(""), "LN-25", "b");
    refused(&with("<association id=\"a\" sourceRef=\"b\" targetRef=\"undo\"/>"), "LN-25", "b");
    accepted(&with("<association id=\"a\" sourceRef=\"b\" targetRef=\"undo2\"/>"));
    let twice = "<association id=\"a\" sourceRef=\"b\" targetRef=\"undo2\"/>\
                 <boundaryEvent id=\"b2\" attachedToRef=\"x\"><compensateEventDefinition/></boundaryEvent>\
                 <association id=\"a2\" sourceRef=\"b2\" targetRef=\"undo2\"/>";
    refused(&with(twice), "LN-25", "b2");
}

#[test]
fn lk_1_links_become_flows() {
    let link = |tag: &str, id: &str, name: &str| {
        format!("<{tag} id=\"{id}\"><linkEventDefinition id=\"l_{id}\" name=\"{name}\"/></{tag}>")
    };
    let (throw, catch) = ("intermediateThrowEvent", "intermediateCatchEvent");
    let with = |events: &[String]| {
        import(&format!(
            "<startEvent id=\"s\"/><task id=\"t\"/>{}<sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"a\"/>\
             <sequenceFlow id=\"f2\" sourceRef=\"z\" targetRef=\"t\"/>",
            events.concat()
        ))
    };
    let imported = with(&[link(throw, "a", "on"), link(catch, "z", "on")]);
    let def = accepted(&imported);
    let flow = def.flows.iter().find(|f| f.link).unwrap();
    assert_eq!((Some(flow.source), Some(flow.target)), (def.find("a"), def.find("z")));
    assert_eq!(errors(&with(&[link(throw, "a", "on"), link(catch, "z", "off")])).len(), 2);
    refused(&with(&[link(throw, "a", ""), link(catch, "z", "on")]), "LN-18", "a");
    let two = [link(throw, "a", "on"), link(catch, "z", "on"), link(catch, "y", "on")];
    refused(&with(&two), "LN-18", "y");
}

#[test]
fn ln_19_names_and_codes_are_there() {
    let event = |tag: &str, definition: &str| import(&around(&format!("<{tag} id=\"x\">{definition}</{tag}>")));
    for definition in [
        "<messageEventDefinition/>",
        "<messageEventDefinition messageRef=\"nameless\"/>",
        "<signalEventDefinition/>",
        "<signalEventDefinition signalRef=\"nameless_signal\"/>",
    ] {
        refused(&event("intermediateCatchEvent", definition), "LN-19", "x");
        refused(&event("intermediateThrowEvent", definition), "LN-19", "x");
    }
    refused(&event("intermediateThrowEvent", "<escalationEventDefinition/>"), "LN-19", "x");
    let end = |definition: &str| import(&format!("<startEvent id=\"s\"/><endEvent id=\"e\">{definition}</endEvent>"));
    refused(&end("<errorEventDefinition/>"), "LN-19", "e");
    refused(&end("<errorEventDefinition errorRef=\"codeless\"/>"), "LN-19", "e");
    let caught = "<task id=\"x\"/><boundaryEvent id=\"b\" attachedToRef=\"x\"><errorEventDefinition errorRef=\"computed\"/>\
                  </boundaryEvent>";
    refused(&import(&around(caught)), "LN-19", "b");
    refused(&import(&around("<receiveTask id=\"x\"/>")), "LN-19", "x");
    refused(&import(&around("<sendTask id=\"x\"/>")), "LN-19", "x");
    let long = format!("<signal id=\"long\" name=\"{}\"/>", "n".repeat(257));
    let throw = "<intermediateThrowEvent id=\"x\"><signalEventDefinition signalRef=\"long\"/></intermediateThrowEvent>";
    refused(&import_with(&long, &around(throw)), "LN-19", "long");
}

#[test]
fn ln_19_a_waiting_message_has_a_key() {
    let catch = around(
        "<intermediateCatchEvent id=\"x\"><messageEventDefinition messageRef=\"keyless\"/></intermediateCatchEvent>",
    );
    refused(&import(&catch), "LN-19", "x");
    // Elsewhere than in models drawn for zeebe the name alone may match.
    let text = format!("{HEAD}<process id=\"p\" isExecutable=\"true\">{catch}</process></definitions>")
        .replace("xmlns:ruslo", "xmlns:camunda=\"http://camunda.org/schema/1.0/bpmn\" xmlns:ruslo");
    let imported = formats::import("x.bpmn", common::keep(&text).as_bytes(), &Limits::default()).unwrap();
    accepted(&imported);
    warned(&imported, "LN-19", "x");
    let start = "<startEvent id=\"s\"><messageEventDefinition messageRef=\"keyless\"/></startEvent>";
    accepted(&import(start));
}

#[test]
fn ms_5_a_start_is_bound_to_no_key() {
    let imported = import("<startEvent id=\"s\"><messageEventDefinition messageRef=\"m\"/></startEvent>");
    let ElementKind::StartEvent(event) = kind(accepted(&imported), "s") else { panic!() };
    assert!(matches!(&event.triggers[0], Trigger::Message(m) if m.key.is_none()));
}

#[test]
fn ms_10_a_task_definition_makes_the_message_a_job() {
    let throw = |extra: &str| {
        import(&around(&format!(
            "<intermediateThrowEvent id=\"x\"><extensionElements>{extra}</extensionElements>\
             <messageEventDefinition messageRef=\"m\"/></intermediateThrowEvent>"
        )))
    };
    let imported = throw("<zeebe:taskDefinition type=\"send\"/>");
    let ElementKind::ThrowEvent(event) = kind(accepted(&imported), "x") else { panic!() };
    assert!(matches!(event.results[0], Throw::Job(_)));
    let imported = throw("<ruslo:publishMessage correlationKey=\"=no\" timeToLive=\"PT1H\"/>");
    let def = accepted(&imported);
    let ElementKind::ThrowEvent(event) = kind(def, "x") else { panic!() };
    let Throw::Message(message) = &event.results[0] else { panic!() };
    assert!(matches!(def.expression(message.key.unwrap()), Expression::Source { text, .. } if &**text == "no"));
    assert!(message.ttl.is_some() && message.id.is_none() && message.target.is_none());
}

#[test]
fn ms_11_message_flows_say_where_a_message_goes() {
    let collaboration = "<collaboration id=\"c\"><participant id=\"pp\" processRef=\"p\"/>\
        <participant id=\"pq\" processRef=\"q\"/><participant id=\"bank\" name=\"Bank\"/>\
        <messageFlow id=\"mf\" sourceRef=\"x\" targetRef=\"TARGET\"/></collaboration>\
        <process id=\"q\" isExecutable=\"true\"><startEvent id=\"qs\"><messageEventDefinition messageRef=\"m\"/></startEvent>\
        </process>";
    let target = |to: &str| {
        let imported =
            import_with(&collaboration.replace("TARGET", to), &around("<sendTask id=\"x\" messageRef=\"m\"/>"));
        let def = imported.definitions.iter().find(|d| d.process_id == "p").unwrap();
        let ElementKind::SendTask(message) = kind(def, "x") else { panic!() };
        message.target.clone().unwrap()
    };
    let q = || "q".to_owned();
    assert_eq!(target("qs"), MessageTarget::Process { process: q(), element: Some("qs".into()) });
    assert_eq!(target("pq"), MessageTarget::Process { process: q(), element: None });
    assert_eq!(target("bank"), MessageTarget::External { participant: "Bank".into() });
}

#[test]
fn eb_6_parallel_without_instantiate() {
    let gateway = "<eventBasedGateway id=\"x\" eventGatewayType=\"Parallel\"/>";
    refused(&import(&around(gateway)), "LN-17", "x");
}

#[test]
fn mi_1_a_collection_or_a_number_of_turns() {
    let with = |inside: &str| {
        import(&around(&format!(
            "<task id=\"x\"><multiInstanceLoopCharacteristics id=\"mi\">{inside}</multiInstanceLoopCharacteristics></task>"
        )))
    };
    let collection = "<extensionElements><zeebe:loopCharacteristics inputCollection=\"=list\"/></extensionElements>";
    refused(&with(""), "LN-23", "x");
    refused(&with(&format!("{collection}<loopCardinality>2</loopCardinality>")), "LN-23", "x");
    refused(&with("<loopDataInputRef>not a name</loopDataInputRef>"), "LN-23", "x");
    accepted(&with(collection));
    accepted(&with("<loopCardinality>2</loopCardinality>"));
    accepted(&with("<loopDataInputRef>list</loopDataInputRef>"));
}

#[test]
fn mi_6_an_output_needs_a_variable_and_an_element() {
    let with = |attributes: &str| {
        import(&around(&format!(
            "<task id=\"x\"><multiInstanceLoopCharacteristics><extensionElements>\
             <zeebe:loopCharacteristics inputCollection=\"=l\" {attributes}/></extensionElements>\
             </multiInstanceLoopCharacteristics></task>"
        )))
    };
    refused(&with("outputCollection=\"o\""), "LN-23", "x");
    refused(&with("outputElement=\"=o\""), "LN-23", "x");
    refused(&with("outputElement=\"=o\" outputCollection=\"a b\""), "LN-23", "x");
    accepted(&with("outputElement=\"=o\" outputCollection=\"o\""));
}

#[test]
fn mi_7_behaviours() {
    let with = |attributes: &str, inside: &str| {
        import(&around(&format!(
            "<task id=\"x\"><multiInstanceLoopCharacteristics id=\"mi\" {attributes}><loopCardinality>2</loopCardinality>\
             {inside}</multiInstanceLoopCharacteristics></task>"
        )))
    };
    refused(&with("behavior=\"Some\"", ""), "LN-23", "x");
    refused(&with("behavior=\"None\" noneBehaviorEventRef=\"no\"", ""), "LN-03", "x");
    refused(&with("behavior=\"Complex\"", "<complexBehaviorDefinition id=\"cb\"/>"), "LN-23", "x");
    accepted(&with("behavior=\"None\"", ""));
}

#[test]
fn lp_2_a_loop_has_an_end() {
    let with = |attributes: &str, inside: &str| {
        import(&around(&format!(
            "<task id=\"x\"><standardLoopCharacteristics id=\"l\" {attributes}>{inside}</standardLoopCharacteristics></task>"
        )))
    };
    refused(&with("", ""), "LN-23", "x");
    refused(&with("loopMaximum=\"-1\"", ""), "LN-31", "x");
    accepted(&with("loopMaximum=\"2\"", ""));
    accepted(&with("", "<loopCondition>=again</loopCondition>"));
}

#[test]
fn tk_9_quantities_are_positive() {
    for quantity in ["0", "-1", "many"] {
        refused(&import(&around(&format!("<task id=\"x\" startQuantity=\"{quantity}\"/>"))), "LN-31", "x");
        refused(&import(&around(&format!("<task id=\"x\" completionQuantity=\"{quantity}\"/>"))), "LN-31", "x");
    }
    let imported = import(&around("<task id=\"x\" startQuantity=\"2\" completionQuantity=\"3\"/>"));
    let def = accepted(&imported);
    let traits = def.element(def.find("x").unwrap()).traits.clone().unwrap();
    assert_eq!((traits.start_quantity, traits.completion_quantity), (2, 3));
}

#[test]
fn ca_1_a_call_names_its_target_and_version() {
    refused(&import(&around("<callActivity id=\"x\"/>")), "LN-24", "x");
    let with = |attributes: &str| {
        import(&around(&format!(
            "<callActivity id=\"x\"><extensionElements><zeebe:calledElement processId=\"o\" {attributes}/>\
             </extensionElements></callActivity>"
        )))
    };
    refused(&with("bindingType=\"versionTag\""), "LN-28", "x");
    refused(&with("bindingType=\"version\" ruslo:version=\"new\""), "LN-28", "x");
    refused(&with("bindingType=\"newest\""), "LN-28", "x");
    accepted(&with("bindingType=\"version\" ruslo:version=\"2\""));
}

#[test]
fn ln_24_a_decision_is_named() {
    refused(&import(&around("<businessRuleTask id=\"x\"/>")), "LN-24", "x");
    let imported = import(&around(
        "<businessRuleTask id=\"x\"><extensionElements><zeebe:calledDecision decisionId=\"d\"/></extensionElements>\
         </businessRuleTask>",
    ));
    accepted(&imported);
}

#[test]
fn tm_8_only_the_first_firing_counts_where_something_is_interrupted() {
    let cycle = "<timerEventDefinition><timeCycle>R3/PT1M</timeCycle></timerEventDefinition>";
    let boundary = |cancel: bool| {
        import(&around(&format!(
            "<userTask id=\"x\"/><boundaryEvent id=\"b\" attachedToRef=\"x\" cancelActivity=\"{cancel}\">{cycle}\
             </boundaryEvent>"
        )))
    };
    warned(&boundary(true), "LN-21", "b");
    assert!(!findings(&boundary(false), Severity::Warning).iter().any(|(code, _)| code == "LN-21"));
    let start = |attribute: &str| {
        import(&around(&format!(
            "<task id=\"x\"/><subProcess id=\"sub\" triggeredByEvent=\"true\"><startEvent id=\"i\"{attribute}>{cycle}\
             </startEvent></subProcess>"
        )))
    };
    warned(&start(""), "LN-21", "i");
    assert!(findings(&start(" isInterrupting=\"false\""), Severity::Warning).is_empty());
    assert!(findings(&import(&format!("<startEvent id=\"s\">{cycle}</startEvent>")), Severity::Warning).is_empty());
}

#[test]
fn er_6_one_handler_for_a_code() {
    let handlers = |a: &str, b: &str| {
        let one = |id: &str, definition: &str| {
            format!(
                "<subProcess id=\"sub_{id}\" triggeredByEvent=\"true\"><startEvent id=\"{id}\">{definition}</startEvent>\
                 </subProcess>"
            )
        };
        import(&around(&format!("<task id=\"x\"/>{}{}", one("h1", a), one("h2", b))))
    };
    let (error, all) = ("<errorEventDefinition errorRef=\"err\"/>", "<errorEventDefinition/>");
    refused(&handlers(error, error), "LN-20", "h2");
    refused(&handlers(all, all), "LN-20", "h2");
    accepted(&handlers(error, all));
    let escalation = "<escalationEventDefinition escalationRef=\"esc\"/>";
    refused(&handlers(escalation, escalation), "LN-20", "h2");
}

#[test]
fn ln_20_an_event_sub_process_catches_what_is_thrown_beside_it() {
    let thrown = |inside: &str, beside: &str| {
        import(&format!(
            "<startEvent id=\"s\"/><endEvent id=\"e\">{inside}</endEvent>\
             <sequenceFlow id=\"f\" sourceRef=\"s\" targetRef=\"e\"/>\
             <subProcess id=\"sub\" triggeredByEvent=\"true\"><startEvent id=\"h\"><errorEventDefinition/></startEvent>\
             <endEvent id=\"he\">{beside}</endEvent><sequenceFlow id=\"g\" sourceRef=\"h\" targetRef=\"he\"/></subProcess>"
        ))
    };
    let error = "<errorEventDefinition errorRef=\"err\"/>";
    assert!(findings(&thrown(error, ""), Severity::Warning).is_empty());
    // ES-5: it does not catch what it raises itself.
    warned(&thrown("", error), "LN-20", "he");
}

#[test]
fn ln_28_settings_have_their_words() {
    let listener = |event: &str| {
        import(&around(&format!(
            "<task id=\"x\"><extensionElements><zeebe:executionListeners><zeebe:executionListener eventType=\"{event}\" \
             type=\"l\"/></zeebe:executionListeners></extensionElements></task>"
        )))
    };
    refused(&listener("creating"), "LN-28", "x");
    accepted(&listener("beforeAll"));
    let text = format!(
        "{HEAD}<process id=\"p\" isExecutable=\"true\" ruslo:missedStarts=\"some\"><task id=\"x\"/></process></definitions>"
    );
    refused(&formats::import("x.bpmn", common::keep(&text).as_bytes(), &Limits::default()).unwrap(), "LN-28", "p");
}

#[test]
fn da_1_references_share_one_variable() {
    let imported = import(
        "<startEvent id=\"s\"/><dataObject id=\"do\"/><dataObjectReference id=\"r1\" name=\"order\" dataObjectRef=\"do\"/>\
         <dataObjectReference id=\"r2\" name=\"later\" dataObjectRef=\"do\"/>",
    );
    let data = &accepted(&imported).element(ROOT).kind.as_scope().unwrap().data;
    assert_eq!(data.iter().map(|d| d.variable.as_str()).collect::<Vec<_>>(), ["order"]);
}

#[test]
fn foreign_attributes_are_not_bpmns_own() {
    let imported = import(&around("<task id=\"x\" ruslo:startQuantity=\"0\" zeebe:default=\"f9\"/>"));
    accepted(&imported);
}

#[test]
fn ln_04_event_sub_processes_have_no_flows() {
    let imported = import(&around(
        "<subProcess id=\"x\" triggeredByEvent=\"true\"><startEvent id=\"i\"><signalEventDefinition signalRef=\"sig\"/>\
         </startEvent></subProcess>",
    ));
    refused(&imported, "LN-04", "f1");
    refused(&imported, "LN-04", "f2");
}

#[test]
fn co_2_handlers_have_no_flows() {
    refused(&import(&around("<task id=\"x\" isForCompensation=\"true\"/>")), "LN-25", "f1");
    let listener = "<task id=\"x\"/><boundaryEvent id=\"b\" attachedToRef=\"x\"><compensateEventDefinition/></boundaryEvent>\
                    <sequenceFlow id=\"f3\" sourceRef=\"b\" targetRef=\"e\"/>";
    refused(&import(&around(listener)), "LN-25", "f3");
}

/// The traits of the element `id`.
fn traits(def: &ProcessDefinition, id: &str) -> Traits {
    *def.element(def.find(id).unwrap()).traits.clone().unwrap()
}

/// The triggers of a catch event with this content.
fn caught(attributes: &str, content: &str) -> (ProcessDefinition, CatchEvent) {
    let body = format!("<intermediateCatchEvent id=\"x\" {attributes}>{content}</intermediateCatchEvent>");
    let imported = import(&around(&body));
    let def = accepted(&imported).clone();
    let ElementKind::CatchEvent(event) = kind(&def, "x").clone() else { panic!() };
    (def, event)
}

#[test]
fn ml_1_several_definitions_in_file_order() {
    let two = "<signalEventDefinition signalRef=\"sig\"/><messageEventDefinition messageRef=\"m\"/>";
    let (_, any) = caught("", two);
    assert!(matches!(any.triggers.as_slice(), [Trigger::Signal(_), Trigger::Message(_)]) && !any.parallel);
    assert!(caught("parallelMultiple=\"true\"", two).1.parallel);
    let throw = import(&around(&format!("<intermediateThrowEvent id=\"x\">{two}</intermediateThrowEvent>")));
    let ElementKind::ThrowEvent(event) = kind(accepted(&throw), "x") else { panic!() };
    assert!(matches!(event.results.as_slice(), [Throw::Signal(_), Throw::Message(_)]));
}

#[test]
fn cn_2_a_condition_may_watch_some_variables_and_changes_only() {
    let (_, event) = caught(
        "",
        "<conditionalEventDefinition><condition>=a > 1</condition><extensionElements>\
         <zeebe:conditionalFilter variableNames=\"a, b\" variableEvents=\"create\"/></extensionElements>\
         </conditionalEventDefinition>",
    );
    let Trigger::Condition(condition) = &event.triggers[0] else { panic!() };
    assert_eq!(condition.variables, ["a", "b"]);
    assert_eq!(condition.changes, [VariableChange::Create]);
}

#[test]
fn tm_2_and_tm_10_a_timer_may_have_a_zone_and_a_calendar() {
    let (_, event) = caught(
        "",
        "<timerEventDefinition ruslo:zone=\"Asia/Tokyo\" ruslo:calendar=\"office\"><timeDuration>PT8H</timeDuration>\
         </timerEventDefinition>",
    );
    let Trigger::Timer(timer) = &event.triggers[0] else { panic!() };
    assert_eq!((timer.zone.as_deref(), timer.calendar.as_deref()), (Some("Asia/Tokyo"), Some("office")));
}

#[test]
fn ms_8_native_keys_need_all_their_properties() {
    let property = |id: &str, message: &str| {
        format!(
            "<correlationProperty id=\"{id}\"><correlationPropertyRetrievalExpression messageRef=\"{message}\">\
             <messagePath>{id}</messagePath></correlationPropertyRetrievalExpression></correlationProperty>"
        )
    };
    let keys = |second: &str| {
        let outside = format!(
            "<collaboration><correlationKey id=\"k\"><correlationPropertyRef>a</correlationPropertyRef>\
             <correlationPropertyRef>b</correlationPropertyRef></correlationKey></collaboration>{}{}",
            property("a", "keyless"),
            property("b", second)
        );
        let imported = import_with(&outside, &around("<receiveTask id=\"x\" messageRef=\"keyless\"/>"));
        let def = imported.definitions[0].clone();
        let ElementKind::ReceiveTask(task) = kind(&def, "x") else { panic!() };
        (imported.deployable(), task.message.correlation.iter().map(|k| k.properties.len()).collect::<Vec<_>>())
    };
    assert_eq!(keys("keyless"), (true, vec![2]));
    assert_eq!(keys("m"), (false, vec![]));
}

#[test]
fn eb_4_instantiating_gateways_and_tasks_start_the_process() {
    let imported = import(
        "<eventBasedGateway id=\"g\" instantiate=\"true\"/><receiveTask id=\"a\" messageRef=\"keyless\"/>\
         <receiveTask id=\"r\" messageRef=\"keyless\" instantiate=\"true\"/>\
         <sequenceFlow id=\"f\" sourceRef=\"g\" targetRef=\"a\"/>",
    );
    let def = accepted(&imported);
    let root = def.element(ROOT).kind.as_scope().unwrap();
    assert_eq!(root.triggered, [def.find("g").unwrap(), def.find("r").unwrap()]);
    assert!(root.implicit.is_empty());
}

#[test]
fn ah_2_people_make_an_ad_hoc_sub_process_manual() {
    let ad_hoc = |attributes: &str, inside: &str| {
        let imported = import(&around(&format!("<adHocSubProcess id=\"x\" {attributes}>{inside}</adHocSubProcess>")));
        let def = accepted(&imported).clone();
        let ScopeKind::AdHoc(ad_hoc) = kind(&def, "x").as_scope().unwrap().kind.clone() else { panic!() };
        *ad_hoc
    };
    let (task, user) = ("<task id=\"t\"/>", "<userTask id=\"t\" name=\"T\"/>");
    let active = "<extensionElements><zeebe:adHoc activeElementsCollection=\"=list\"/></extensionElements>";
    let job = "<extensionElements><zeebe:taskDefinition type=\"agent\"/></extensionElements>";
    assert!(!ad_hoc("", task).manual);
    assert!(ad_hoc("", user).manual);
    assert!(ad_hoc("ruslo:manual=\"true\"", task).manual);
    assert!(!ad_hoc("", &format!("{active}{user}")).manual);
    assert!(!ad_hoc("", &format!("{job}{user}")).manual);
    let defaults = ad_hoc("", task);
    assert!(defaults.cancel_remaining && !defaults.sequential);
    let set = ad_hoc("cancelRemainingInstances=\"false\" ordering=\"Sequential\"", task);
    assert!(!set.cancel_remaining && set.sequential);
}

#[test]
fn ca_5_a_call_may_go_on_without_waiting() {
    let call = |attribute: &str| {
        let imported = import(&around(&format!("<callActivity id=\"x\" calledElement=\"o\" {attribute}/>")));
        let ElementKind::CallActivity(call) = kind(accepted(&imported), "x").clone() else { panic!() };
        *call
    };
    assert!(call("").wait && call("").all_in && call("").all_out);
    assert!(!call("ruslo:wait=\"false\"").wait);
}

#[test]
fn co_9_a_throw_may_not_wait() {
    let throw = |attribute: &str| {
        let imported = import(&format!(
            "<startEvent id=\"s\"/><task id=\"x\"/><intermediateThrowEvent id=\"t\"><compensateEventDefinition \
             activityRef=\"x\" {attribute}/></intermediateThrowEvent><sequenceFlow id=\"f1\" sourceRef=\"s\" \
             targetRef=\"x\"/><sequenceFlow id=\"f2\" sourceRef=\"x\" targetRef=\"t\"/>"
        ));
        let def = &imported.definitions[0];
        let ElementKind::ThrowEvent(event) = kind(def, "t") else { panic!() };
        let Throw::Compensation { activity, wait } = event.results[0] else { panic!() };
        assert_eq!(activity, def.find("x"));
        wait
    };
    assert!(throw("") && !throw("waitForCompletion=\"false\""));
}

#[test]
fn da_2_an_input_that_nothing_fills_is_not_waited_for() {
    let imported = import(
        "<startEvent id=\"s\"/><dataObject id=\"do\"/><task id=\"x\"><ioSpecification><dataInput id=\"a\"/>\
         <dataInput id=\"b\"/><inputSet><dataInputRefs>a</dataInputRefs><dataInputRefs>b</dataInputRefs></inputSet>\
         </ioSpecification><dataInputAssociation><sourceRef>do</sourceRef><targetRef>a</targetRef>\
         </dataInputAssociation></task><sequenceFlow id=\"f\" sourceRef=\"s\" targetRef=\"x\"/>",
    );
    let traits = traits(accepted(&imported), "x");
    assert_eq!(traits.required, ["a"]);
    assert_eq!(traits.data_inputs.len(), 1);
}

#[test]
fn in_5_listeners_keep_their_order() {
    let imported = import(&around(
        "<task id=\"x\"><extensionElements><zeebe:executionListeners><zeebe:executionListener eventType=\"end\" \
         type=\"a\"/><zeebe:executionListener eventType=\"start\" type=\"b\"/></zeebe:executionListeners>\
         </extensionElements></task>",
    ));
    let listeners = traits(accepted(&imported), "x").listeners;
    assert_eq!(listeners.iter().map(|l| l.on).collect::<Vec<_>>(), [ListenerEvent::End, ListenerEvent::Start]);
}

#[test]
fn in_1_retries_and_pauses() {
    let job = |backoff: &str| {
        import(&around(&format!(
            "<serviceTask id=\"x\"><extensionElements><zeebe:taskDefinition type=\"t\" retries=\"5\"/><zeebe:taskHeaders>\
             <zeebe:header key=\"retryBackoff\" value=\"{backoff}\"/></zeebe:taskHeaders></extensionElements></serviceTask>"
        )))
    };
    let imported = job("PT1M,PT5M");
    let ElementKind::ServiceTask(task) = kind(accepted(&imported), "x") else { panic!() };
    assert!(task.backoff.is_some() && task.retries.is_some() && task.headers.is_empty());
    refused(&job("soon"), "LN-21", "x");
}

#[test]
fn bd_1_boundaries_stand_in_file_order() {
    let imported = import(&around(
        "<task id=\"x\"/><boundaryEvent id=\"b2\" attachedToRef=\"x\"><signalEventDefinition signalRef=\"sig\"/>\
         </boundaryEvent><boundaryEvent id=\"b1\" attachedToRef=\"x\"><messageEventDefinition messageRef=\"m\"/>\
         </boundaryEvent>",
    ));
    let def = accepted(&imported);
    let host = def.element(def.find("x").unwrap());
    assert_eq!(host.boundaries, [def.find("b2").unwrap(), def.find("b1").unwrap()]);
}
