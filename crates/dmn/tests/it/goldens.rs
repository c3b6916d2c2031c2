//! Small goldens: each feature of DMN once.

use crate::support::*;
use dmn::{Mapping, Model};
use model::limits::Limits;

fn one_table(policy: &str, inputs: &[&str], outputs: &[&str], rules: &[&[&str]]) -> Model {
    read(&file(&decision("d", "", &table(policy, inputs, outputs, rules))))
}

#[test]
fn unique_takes_the_only_match_and_refuses_two() {
    let model =
        one_table("UNIQUE", &["age"], &["r"], &[&["< 18", "\"child\""], &[">= 18", "\"adult\""], &["> 90", "1"]]);
    let cases = [("{age: 3}", "\"child\""), ("{age: 40}", "\"adult\""), ("{age: 91}", "null"), ("{age: null}", "null")];
    check(&model, "d", &cases);
}

#[test]
fn any_needs_equal_results() {
    let model = one_table("ANY", &["a"], &["r"], &[&["> 1", "1"], &["> 2", "1"], &["> 3", "2"]]);
    check(&model, "d", &[("{a: 3}", "1"), ("{a: 4}", "null"), ("{a: 0}", "null")]);
}

#[test]
fn priority_takes_the_first_of_the_listed_values() {
    let rules: [&[&str]; 3] = [&["> 1", "\"low\""], &["> 2", "\"high\""], &["> 3", "\"mid\""]];
    let model = one_table("PRIORITY", &["a"], &["r = \"high\",\"mid\",\"low\""], &rules);
    check(&model, "d", &[("{a: 2}", "\"low\""), ("{a: 9}", "\"high\"")]);
    let model = one_table("OUTPUT ORDER", &["a"], &["r = \"high\",\"mid\",\"low\""], &rules);
    check(&model, "d", &[("{a: 9}", "[\"high\",\"mid\",\"low\"]"), ("{a: 2}", "[\"low\"]")]);
}

#[test]
fn first_stops_and_rule_order_does_not() {
    let rules: [&[&str]; 3] = [&["> 1", "1"], &["> 2", "2"], &["-", "3"]];
    check(&one_table("FIRST", &["a"], &["r"], &rules), "d", &[("{a: 3}", "1"), ("{a: 0}", "3")]);
    check(&one_table("RULE ORDER", &["a"], &["r"], &rules), "d", &[("{a: 3}", "[1,2,3]"), ("{a: 0}", "[3]")]);
}

#[test]
fn collect_gives_a_list_a_sum_the_least_the_greatest_or_a_count() {
    let rules: [&[&str]; 3] = [&["> 1", "10"], &["> 2", "5"], &["> 3", "10"]];
    for (policy, many, none) in [
        ("COLLECT", "[10,5,10]", "null"),
        ("COLLECT SUM", "25", "null"),
        ("COLLECT MIN", "5", "null"),
        ("COLLECT MAX", "10", "null"),
        ("COLLECT COUNT", "3", "0"),
    ] {
        check(&one_table(policy, &["a"], &["r"], &rules), "d", &[("{a: 4}", many), ("{a: 0}", none)]);
    }
}

#[test]
fn several_outputs_are_a_context_and_defaults_fill_in() {
    let rules: [&[&str]; 1] = [&["\"a\", \"b\"", "1", "2"]];
    let model = one_table("UNIQUE", &["k"], &["x ! 7", "y"], &rules);
    check(&model, "d", &[("{k: \"b\"}", "{x: 1, y: 2}"), ("{k: \"c\"}", "{x: 7, y: null}")]);
}

#[test]
fn cells_hold_ranges_lists_negations_and_conditions() {
    let rules: [&[&str]; 5] =
        [&["[1..3)", "1"], &["not(1..3)", "0"], &["? = 20 or ? = 21", "2"], &["limits.low", "3"], &["(40..50]", "4"]];
    let rules: Vec<&[&str]> = rules.into_iter().filter(|r| !r[0].starts_with("not")).collect();
    let model = one_table("UNIQUE", &["a"], &["r"], &rules);
    let cases = [
        ("{a: 1, limits: {low: 7}}", "1"),
        ("{a: 3, limits: {low: 7}}", "null"),
        ("{a: 21, limits: {low: 7}}", "2"),
        ("{a: 7, limits: {low: 7}}", "3"),
        ("{a: 50, limits: {low: 7}}", "4"),
    ];
    check(&model, "d", &cases);
    let model = one_table("UNIQUE", &["a"], &["r"], &[&["not(1, 2)", "a + 1"]]);
    check(&model, "d", &[("{a: 2}", "null"), ("{a: 5}", "6")]);
}

#[test]
fn requirements_are_evaluated_first_and_known_by_name_id_and_output() {
    let (requires, salary) = input("Monthly Salary", "number");
    let first = decision("Yearly Pay", &requires, &literal("Monthly Salary * 12"));
    let second = decision("d", &needs("Yearly Pay"), &literal("Yearly Pay + 1"));
    check(&read(&file(&format!("{salary}{second}{first}"))), "d", &[("{\"Monthly Salary\": 10}", "121")]);
    // Camunda 8 knows it by its id, Camunda 7 by its output's name.
    let inner = "<decision id=\"rank\" name=\"The rank\"><variable name=\"The rank\"/>".to_owned()
        + &table("UNIQUE", &["a"], &["level"], &[&["-", "5"]])
        + "</decision>";
    let outer = decision("d", &needs("rank"), &literal("[The rank, rank, level]"));
    check(&read(&file(&format!("{inner}{outer}"))), "d", &[("{a: 1}", "[5, 5, 5]")]);
}

#[test]
fn functions_and_services_are_called() {
    let function = "<businessKnowledgeModel id=\"f\" name=\"f\"><encapsulatedLogic>\
        <formalParameter name=\"x\" typeRef=\"number\"/>"
        .to_owned()
        + &literal("x * 2")
        + "</encapsulatedLogic></businessKnowledgeModel>";
    let (_, given) = input("n", "number");
    let inner = decision("double", &(input("n", "").0 + &knows("f")), &literal("f(n)"));
    let service = "<decisionService id=\"s\" name=\"s\">\
        <outputDecision href=\"#double\"/><inputData href=\"#n\"/></decisionService>";
    let outer = decision("d", &(knows("s") + &knows("f")), &literal("s(4) + f(x: 1)"));
    let invoked = decision(
        "i",
        &knows("f"),
        "<invocation><literalExpression><text>f</text></literalExpression><binding><parameter name=\"x\"/>\
         <literalExpression><text>a + 1</text></literalExpression></binding></invocation>",
    );
    let model = read(&file(&format!("{function}{given}{inner}{service}{outer}{invoked}")));
    check(&model, "d", &[("{}", "10")]);
    check(&model, "i", &[("{a: 2}", "6")]);
    check(&model, "s", &[("{n: 21}", "42")]);
}

#[test]
fn boxed_contexts_lists_relations_and_functions() {
    let entry = |name: &str, logic: &str| format!("<contextEntry><variable name=\"{name}\"/>{logic}</contextEntry>");
    let function =
        "<functionDefinition><formalParameter name=\"y\"/>".to_owned() + &literal("base + y") + "</functionDefinition>";
    let context = format!(
        "<context>{}{}<contextEntry>{}</contextEntry></context>",
        entry("base", &literal("10")),
        entry("add", &function),
        literal("add(5)")
    );
    check(&read(&file(&decision("d", "", &context))), "d", &[("{}", "15")]);
    let open = format!("<context>{}{}</context>", entry("p", &literal("1")), entry("q", &literal("p + 1")));
    check(&read(&file(&decision("d", "", &open))), "d", &[("{}", "{p: 1, q: 2}")]);
    let list = format!("<list>{}{}</list>", literal("1"), literal("a"));
    check(&read(&file(&decision("d", "", &list))), "d", &[("{a: 3}", "[1, 3]")]);
    let row = |a: &str, b: &str| format!("<row>{}{}</row>", literal(a), literal(b));
    let relation =
        format!("<relation><column name=\"n\"/><column name=\"m\"/>{}{}</relation>", row("1", "2"), row("3", "4"));
    check(&read(&file(&decision("d", "", &relation))), "d", &[("{}", "[{n: 1, m: 2}, {n: 3, m: 4}]")]);
}

#[test]
fn boxed_conditionals_filters_and_iterations() {
    let branch = |tag: &str, text: &str| format!("<{tag}>{}</{tag}>", literal(text));
    let of = |inner: String| {
        read(&file_of("https://www.omg.org/spec/DMN/20230324/MODEL/", "Small", &decision("d", "", &inner)))
    };
    let conditional = format!(
        "<conditional>{}{}{}</conditional>",
        branch("if", "a > 1"),
        branch("then", "\"y\""),
        branch("else", "\"n\"")
    );
    check(&of(conditional), "d", &[("{a: 2}", "\"y\""), ("{a: 1}", "\"n\"")]);
    let filter = format!("<filter>{}{}</filter>", branch("in", "list"), branch("match", "item.n > 1 and n < 9"));
    check(&of(filter), "d", &[("{list: [{n: 1}, {n: 2}, {n: 9}]}", "[{n: 2}]")]);
    let each = |tag: &str, body: &str, text: &str| {
        format!("<{tag} iteratorVariable=\"x\">{}{}</{tag}>", branch("in", "list"), branch(body, text))
    };
    check(&of(each("for", "return", "x + count(partial)")), "d", &[("{list: [5, 5]}", "[5, 6]")]);
    let range = format!("<for iteratorVariable=\"x\">{}{}</for>", branch("in", "[1..low)"), branch("return", "x * 2"));
    check(&of(range), "d", &[("{low: 4}", "[2, 4, 6]")]);
    check(&of(each("some", "satisfies", "x > 1")), "d", &[("{list: [1, 2]}", "true"), ("{list: [1]}", "false")]);
    check(&of(each("every", "satisfies", "x > 1")), "d", &[("{list: [1, 2]}", "false"), ("{list: [2]}", "true")]);
}

#[test]
fn item_definitions_check_and_convert() {
    let types = "<itemDefinition name=\"Level\"><typeRef>string</typeRef>\
        <allowedValues><text>\"a\",\"b\"</text></allowedValues></itemDefinition>\
        <itemDefinition name=\"Person\"><itemComponent name=\"Full Name\"><typeRef>string</typeRef></itemComponent>\
        <itemComponent name=\"born\"><typeRef>date</typeRef></itemComponent></itemDefinition>\
        <itemDefinition name=\"Names\" isCollection=\"true\"><typeRef>string</typeRef></itemDefinition>";
    let typed = |kind: &str, text: &str| {
        let (requires, given) = input("v", kind);
        read(&file(&format!("{types}{given}{}", decision("d", &requires, &literal(text)))))
    };
    check(&typed("Level", "v"), "d", &[("{v: \"a\"}", "\"a\""), ("{v: \"z\"}", "null"), ("{v: [\"b\"]}", "\"b\"")]);
    check(&typed("Names", "v"), "d", &[("{v: \"x\"}", "[\"x\"]"), ("{v: [1]}", "null")]);
    // Dates come as text from outside.
    let person = "{v: {\"Full Name\": \"Ann\", born: \"2000-02-03\"}}";
    check(&typed("Person", "v.Full Name + string(v.born.year)"), "d", &[(person, "\"Ann2000\"")]);
    check(&typed("Person", "v instance of Person"), "d", &[(person, "true"), ("{v: {born: \"2000-02-03\"}}", "false")]);
}

#[test]
fn all_versions_are_read() {
    for (namespace, version) in [
        ("http://www.omg.org/spec/DMN/20151101/dmn.xsd", "1.1"),
        ("http://www.omg.org/spec/DMN/20180521/MODEL/", "1.2"),
        ("https://www.omg.org/spec/DMN/20191111/MODEL/", "1.3"),
        ("https://www.omg.org/spec/DMN/20211108/MODEL/", "1.4"),
        ("https://www.omg.org/spec/DMN/20230324/MODEL/", "1.5"),
    ] {
        let model =
            read(&file_of(namespace, "v", &decision("d", "", &table("UNIQUE", &["a"], &["r"], &[&["-", "a"]]))));
        assert_eq!(model.about().version, version);
        check(&model, "d", &[("{a: 1}", "1")]);
    }
}

#[test]
fn imports_of_other_files() {
    let other = file_of(DMN_1_3, "Base", &decision("b", "", &literal("20")));
    let text = "<import name=\"base\" namespace=\"urn:Base\" importType=\"x\"/>".to_owned()
        + &decision(
            "d",
            "<informationRequirement><requiredDecision href=\"urn:Base#b\"/></informationRequirement>",
            &literal("base.b + 1"),
        );
    let text = file(&text);
    let model = Model::read(&text, &[&other], &Limits::default()).expect("the model can be read");
    check(&model, "d", &[("{}", "21")]);
    let alone = read(&text);
    assert_eq!(alone.about().diagnostics[0].code, "DMN-03");
    assert!(!alone.deployable());
}

#[test]
fn the_trace_tells_which_rules_matched() {
    let model = one_table("COLLECT", &["a"], &["r"], &[&["> 1", "10"], &["> 5", "5"], &["> 2", "20"]]);
    let outcome = evaluate(&model, "d", "{a: 3}");
    let [run] = outcome.decisions.as_slice() else { panic!("one decision") };
    let [table] = run.tables.as_slice() else { panic!("one table") };
    assert_eq!((table.hit_policy, &*table.id), ("C", "table"));
    assert_eq!(table.inputs, [("a".into(), value("3"))]);
    let matched: Vec<(usize, &model::Value)> = table.matched.iter().map(|m| (m.index, &m.outputs[0].1)).collect();
    assert_eq!(matched, [(1, &value("10")), (3, &value("20"))]);
}

#[test]
fn results_are_mapped_as_camunda_does() {
    let two = one_table("COLLECT", &["a"], &["r"], &[&["> 1", "10"], &["> 2", "20"]]);
    let outcome = evaluate(&two, "d", "{a: 3}");
    assert_eq!(outcome.mapped(Mapping::CollectEntries), Ok(value("[10, 20]")));
    assert_eq!(outcome.mapped(Mapping::ResultList), Ok(value("[{r: 10}, {r: 20}]")));
    assert!(outcome.mapped(Mapping::SingleEntry).is_err());
    let outcome = evaluate(&two, "d", "{a: 2}");
    assert_eq!(outcome.mapped(Mapping::SingleEntry), Ok(value("10")));
    assert_eq!(outcome.mapped(Mapping::SingleResult), Ok(value("{r: 10}")));
    assert_eq!(evaluate(&two, "d", "{a: 0}").mapped(Mapping::SingleResult), Ok(model::Value::Null));
    let wide = one_table("FIRST", &["a"], &["x", "y"], &[&["-", "1", "2"]]);
    let outcome = evaluate(&wide, "d", "{a: 0}");
    assert_eq!(outcome.mapped(Mapping::SingleResult), Ok(value("{x: 1, y: 2}")));
    assert!(outcome.mapped(Mapping::CollectEntries).is_err());
    let sum = one_table("COLLECT SUM", &["a"], &["r"], &[&["-", "1"], &["-", "2"]]);
    assert_eq!(evaluate(&sum, "d", "{a: 0}").mapped(Mapping::SingleEntry), Ok(value("3")));
}

#[test]
fn a_function_may_call_itself() {
    let factorial =
        "<businessKnowledgeModel id=\"f\" name=\"factorial\"><variable name=\"factorial\"/><encapsulatedLogic>\
        <formalParameter name=\"n\"/>"
            .to_owned()
            + &literal("if n <= 1 then 1 else n * factorial(n - 1)")
            + "</encapsulatedLogic></businessKnowledgeModel>";
    let model = read(&file(&format!("{factorial}{}", decision("d", &knows("f"), &literal("factorial(n)")))));
    check(&model, "d", &[("{n: 5}", "120")]);
}
