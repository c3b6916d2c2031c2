//! Templates: the real sample, every tree of `cases/bpt` against its golden file, round trips, broken containers.

use crate::common;
use expect_test::expect_file;
use flate2::{Compression, write::ZlibEncoder};
use formats::bpt::{self, BptError};
use model::limits::Limits;
use proptest::prelude::*;
use std::io::Write;
use std::path::Path;

/// JSON as PHP's `serialize()` writes it.
fn serialize(json: &serde_json::Value) -> String {
    use serde_json::Value as J;
    let text = |t: &str| format!("s:{}:\"{t}\";", t.len());
    match json {
        J::Null => "N;".into(),
        J::Bool(b) => format!("b:{};", u8::from(*b)),
        J::Number(n) if n.is_i64() => format!("i:{n};"),
        J::Number(n) => format!("d:{n};"),
        J::String(t) => text(t),
        J::Array(items) => {
            let body: String = items.iter().enumerate().map(|(i, v)| format!("i:{i};{}", serialize(v))).collect();
            format!("a:{}:{{{body}}}", items.len())
        }
        J::Object(map) => {
            let body: String = map.iter().map(|(k, v)| format!("{}{}", text(k), serialize(v))).collect();
            format!("a:{}:{{{body}}}", map.len())
        }
    }
}

fn packed(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

const SAMPLE: &[u8] = include_bytes!("../data/bp-379.bpt");

fn read(bytes: &[u8]) -> Result<bpt::Template, BptError> {
    bpt::read(bytes, &Limits::default())
}

/// The view of a template is a model of its own: it can be edited and deployed, and means the same.
fn same_when_imported_as_bpmn(imported: &formats::Imported) {
    let again = formats::import("view.bpmn", common::keep(&imported.bpmn).as_bytes(), &Limits::default()).unwrap();
    assert_eq!(again.bpmn, imported.bpmn);
    let dump = |i: &formats::Imported| i.definitions.iter().map(common::dump_definition).collect::<String>();
    assert_eq!(dump(&again), dump(imported), "{}\n{:#?}", imported.bpmn, again.diagnostics);
}

#[test]
fn trees_give_their_findings_and_definitions() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/bpt");
    let mut seen = 0;
    for file in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        if file.extension().is_none_or(|e| e != "json") {
            continue;
        }
        seen += 1;
        let json: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let imported = formats::import("case.bpt", serialize(&json).as_bytes(), &Limits::default()).unwrap();
        expect_file![file.with_extension("golden")].assert_eq(&common::dump(&imported));
        common::check_view(&imported);
        same_when_imported_as_bpmn(&imported);
        let template = read(serialize(&json).as_bytes()).unwrap();
        assert_eq!(read(&bpt::write(&template)).unwrap(), template, "{}", file.display());
    }
    assert!(seen >= 5);
}

#[test]
fn white_space_around_people_and_dates_means_nothing() {
    let task = serde_json::json!({"Type": "ApproveActivity", "Name": "A1", "Activated": "Y", "Children": [],
        "Properties": {"Users": "\tuser_1\n", "OverdueDate": " {=Document:DUE} ", "Name": " Title "}});
    let json = serde_json::json!({"VERSION": 2, "TEMPLATE": [{"Type": "SequentialWorkflowActivity", "Name": "Template",
        "Activated": "Y", "Properties": {}, "Children": [task]}]});
    let imported = formats::import("x.bpt", serialize(&json).as_bytes(), &Limits::default()).unwrap();
    let dump = common::dump(&imported);
    assert!(dump.contains("assignee=`\"user_1\"`"), "{dump}");
    same_when_imported_as_bpmn(&imported);
}

#[test]
fn the_real_sample_runs_shows_and_survives() {
    let template = read(SAMPLE).unwrap();
    assert_eq!(template.root.kind, "SequentialWorkflowActivity");
    assert_eq!(template.root.children[0].kind, "SocNetMessageActivity");
    let imported = formats::import("bp-379.bpt", SAMPLE, &Limits::default()).unwrap();
    assert!(imported.deployable(), "{:?}", imported.diagnostics);
    common::check_view(&imported);
    same_when_imported_as_bpmn(&imported);
    expect_file!["../data/bp-379.golden"].assert_eq(&common::dump(&imported));

    let mut raw = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::ZlibDecoder::new(SAMPLE), &mut raw).unwrap();
    assert_eq!(read(&raw).unwrap(), template, "raw and packed are the same");
    let mut again = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::ZlibDecoder::new(&bpt::write(&template)[..]), &mut again).unwrap();
    assert_eq!(again, raw, "written as it was read, byte for byte");

    let json = bpt::to_json(&template);
    assert_eq!(json["TEMPLATE"][0]["Children"][0]["Name"], "A50060_89629_69262_59252");
    assert_eq!(json["DOCUMENT_FIELDS"]["NAME"]["Required"], true);
    assert_eq!(bpt::unavailable(&template, &|_| false), Vec::<String>::new());
}

#[test]
fn unavailable_nodes_are_listed() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/bpt/services.json");
    let json: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let template = read(serialize(&json).as_bytes()).unwrap();
    let app = "rest_0123456789abcdef0123456789abcdef";
    assert_eq!(bpt::unavailable(&template, &|t| t == app), Vec::<String>::new());
    assert_eq!(bpt::unavailable(&template, &|_| false), vec!["rest_0123456789ABCDEF0123456789abcdef"]);
}

#[test]
fn broken_containers_are_refused_with_their_reason() {
    let bomb = packed(format!("a:1:{{s:8:\"TEMPLATE\";s:9000000:\"{}\";}}", "x".repeat(9_000_000)).as_bytes());
    let deep = format!("{}N;{}", "a:1:{i:0;".repeat(5_000), "}".repeat(5_000));
    let many = format!("a:2000000:{{{}}}", "i:1;N;".repeat(1_100_000));
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("object", b"a:1:{s:8:\"TEMPLATE\";O:8:\"stdClass\":0:{}}".to_vec(), "PHP object at byte 20"),
        ("custom", b"a:1:{s:1:\"x\";C:3:\"Foo\":0:{}}".to_vec(), "PHP object"),
        ("reference", b"a:2:{i:0;s:1:\"x\";i:1;R:2;}".to_vec(), "PHP reference at byte 21"),
        ("length", b"a:1:{s:99:\"x\";N;}".to_vec(), "longer than the file"),
        ("short length", b"a:1:{s:1:\"xyz\";N;}".to_vec(), "length of a text is wrong"),
        ("cut", b"a:1:{i:0;".to_vec(), "cut off"),
        ("count", b"a:99999999999:{}".to_vec(), "broken at byte 16"),
        ("no template", b"a:1:{s:7:\"VERSION\";i:2;}".to_vec(), "Incorrect workflow template"),
        ("not packed", vec![0x78, 0xda, 1, 2, 3], "can not be unpacked"),
        ("bomb", bomb, "too many bytes"),
        ("deep", deep.into_bytes(), "too many levels"),
        ("many", many.into_bytes(), "too many values"),
    ];
    for (name, bytes, reason) in cases {
        let error = read(&bytes).expect_err(name).to_string();
        assert!(error.contains(reason), "{name}: {error}");
        let refused = formats::import("x.bpt", &bytes, &Limits::default()).expect_err(name);
        assert!(refused.iter().all(|d| d.severity == model::Severity::Refused), "{name}");
    }
}

#[test]
fn old_files_in_windows_1251_are_read() {
    let utf8 = serialize(&serde_json::json!({"TEMPLATE": [{"Type": "SequentialWorkflowActivity", "Name": "Template",
        "Properties": {"Title": "Привет, мир"}, "Children": []}]}));
    let text = "Привет, мир";
    let old = utf8.replace(&format!("s:{}:\"{text}\"", text.len()), &format!("s:{}:\"{text}\"", text.chars().count()));
    let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(&old);
    assert_eq!(read(&bytes).unwrap(), read(utf8.as_bytes()).unwrap());
}

fn php() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "[ -~а-яё\n\t]{0,12}".prop_map(Into::into),
        Just("{=Document:NAME} and {{=1+2}}".into()),
        Just("=1+".into()),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::vec(("[A-Za-z_.]{1,8}", inner), 0..5)
                .prop_map(|m| serde_json::Value::Object(m.into_iter().collect())),
        ]
    })
}

const KINDS: &[&str] = &[
    "SequenceActivity",
    "IfElseActivity",
    "IfElseBranchActivity",
    "ParallelActivity",
    "WhileActivity",
    "ForEachActivity",
    "ListenActivity",
    "EventDrivenActivity",
    "MathOperationActivity",
    "DelayActivity",
    "SetVariableActivity",
    "ApproveActivity",
    "RequestInformationOptionalActivity",
    "TerminateActivity",
    "LogActivity",
    "CodeActivity",
    "rest_0123456789abcdef0123456789abcdef",
];

fn node() -> impl Strategy<Value = serde_json::Value> {
    let own = (prop::sample::select(KINDS), "[A-Z][0-9_]{1,6}", php(), any::<bool>()).boxed();
    let leaf = own.clone().prop_map(|(kind, name, value, _)| {
        serde_json::json!({"Type": kind, "Name": name, "Properties": {"Users": value, "truecondition": "1"}, "Children": []})
    });
    leaf.prop_recursive(5, 30, 4, move |inner| {
        (own.clone(), prop::collection::vec(inner, 0..4)).prop_map(|((kind, name, value, active), children)| {
            let activated = if active { "Y" } else { "N" };
            serde_json::json!({"Type": kind, "Name": name, "Activated": activated, "Extra": value,
                "Properties": {"VariableValue": value, "Fields": value, "TimeoutDuration": value, "Object": "Document",
                    "Variable": name, "Conditions": {"x": value, "y": ["1", "+", value]}}, "Children": children})
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_tree_compiles_shows_and_survives(children in prop::collection::vec(node(), 0..4), extra in php()) {
        let json = serde_json::json!({"VERSION": 2, "TEMPLATE": [{"Type": "SequentialWorkflowActivity",
            "Name": "Template", "Activated": "Y", "Properties": {}, "Children": children}], "UNKNOWN": extra});
        let bytes = serialize(&json);
        let template = read(bytes.as_bytes()).unwrap();
        prop_assert_eq!(&read(&bpt::write(&template)).unwrap(), &template);
        let imported = formats::import("x.bpt", &packed(bytes.as_bytes()), &Limits::default()).unwrap();
        common::check_view(&imported);
        // Formulas that can not be read stay text, and a timer's text must be a time: not the same as BPMN.
        if imported.diagnostics.iter().all(|d| d.code != "BPT-02" && d.code != "LN-03") {
            same_when_imported_as_bpmn(&imported);
        }
    }

    #[test]
    fn damaged_files_never_panic(at in 0..2000_usize, byte in any::<u8>(), cut in 0..4000_usize) {
        let mut raw = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::ZlibDecoder::new(SAMPLE), &mut raw).unwrap();
        let at = at % raw.len();
        raw[at] = byte;
        raw.truncate(raw.len() - cut % raw.len());
        let _ = formats::import("x.bpt", &raw, &Limits::default());
        let _ = formats::import("x.bpt", &packed(&raw), &Limits::default());
    }
}
