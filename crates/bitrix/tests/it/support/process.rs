//! Processes to run: BPMN for the designer's way, a template for the apps' way.

use super::Portal;
use base64::Engine as _;
use model::{DefinitionId, DocumentType};
use platform::Actor;
use runtime::Deploy;
use serde_json::{Value as Json, json};

const FORM: &str = r#"{"type":"default","components":[
    {"type":"textfield","key":"notes","label":"Notes","validate":{"required":true}},
    {"type":"number","key":"amount","label":"Amount","decimalDigits":0},
    {"type":"checkbox","key":"agree","label":"Agree"},
    {"type":"datetime","key":"day","label":"Day","subtype":"date"},
    {"type":"select","key":"color","label":"Color","values":[{"value":"r","label":"Red"},{"value":"g","label":"Green"}]}
]}"#;

/// A process of `elements` in a row.
pub fn bpmn(id: &str, elements: &str, ids: &[&str]) -> String {
    let mut flows = String::new();
    let all: Vec<&str> = std::iter::once("start").chain(ids.iter().copied()).chain(["end"]).collect();
    for pair in all.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        flows += &format!(r#"<bpmn:sequenceFlow id="f_{from}" sourceRef="{from}" targetRef="{to}"/>"#);
    }
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:ruslo="http://ruslo.dev/schema/1.0" id="d" targetNamespace="t">
<bpmn:process id="{id}" name="Process {id}" isExecutable="true">
<bpmn:extensionElements><zeebe:userTaskForm id="form">{FORM}</zeebe:userTaskForm></bpmn:extensionElements>
<bpmn:startEvent id="start"/>{elements}<bpmn:endEvent id="end"/>{flows}
</bpmn:process></bpmn:definitions>"#
    )
}

/// A service step with a job type and inputs.
pub fn service(id: &str, job_type: &str, inputs: &[(&str, &str)], headers: &[(&str, &str)]) -> String {
    let inputs: String =
        inputs.iter().map(|(to, from)| format!(r#"<zeebe:input source="{from}" target="{to}"/>"#)).collect();
    let headers: String = headers.iter().map(|(k, v)| format!(r#"<zeebe:header key="{k}" value="{v}"/>"#)).collect();
    format!(
        r#"<bpmn:serviceTask id="{id}" name="{id}"><bpmn:extensionElements><zeebe:taskDefinition type="{job_type}"/>
<zeebe:ioMapping>{inputs}</zeebe:ioMapping><zeebe:taskHeaders>{headers}</zeebe:taskHeaders>
</bpmn:extensionElements></bpmn:serviceTask>"#
    )
}

/// A user task of a kind for a person.
pub fn task(id: &str, kind: &str, assignee: &str, headers: &[(&str, &str)]) -> String {
    let headers: String = headers.iter().map(|(k, v)| format!(r#"<zeebe:header key="{k}" value="{v}"/>"#)).collect();
    let form = if kind == "form" || kind == "formOrRefuse" {
        r#"<zeebe:formDefinition formKey="camunda-forms:bpmn:form"/>"#
    } else {
        ""
    };
    format!(
        r#"<bpmn:userTask id="{id}" name="Task {id}" ruslo:taskKind="{kind}" ruslo:outcomeVariable="{id}_outcome"><bpmn:extensionElements>
<zeebe:userTask/><zeebe:assignmentDefinition assignee="{assignee}"/>{form}<zeebe:taskHeaders>{headers}</zeebe:taskHeaders>
</bpmn:extensionElements></bpmn:userTask>"#
    )
}

impl Portal {
    /// Deploys BPMN for the portal's catalog.
    pub async fn deploy(&self, xml: &str) -> DefinitionId {
        let deploy = Deploy {
            bytes: xml.as_bytes().to_vec(),
            document: Some(DocumentType { catalog: self.catalog }),
            ..Deploy::default()
        };
        let actor = Actor::session(self.admin.clone());
        let deployed = self.runtime.deploy(&actor, deploy).await.unwrap_or_else(|f| panic!("{f} {:?}", f.details));
        deployed[0].id
    }

    /// The type triple of the portal's catalog.
    pub fn document_type(&self) -> Json {
        json!(["lists", "BizprocDocument", format!("iblock_{}", self.catalog.0)])
    }

    /// The id triple of a new record.
    pub async fn document(&self, name: &str) -> Json {
        json!(["lists", "BizprocDocument", self.record(name).await.0.to_string()])
    }
}

/// JSON as PHP's `serialize` writes it; objects and arrays are arrays.
pub fn php(value: &Json) -> String {
    let text = |s: &str| format!("s:{}:\"{s}\";", s.len());
    let array = |entries: Vec<(String, String)>| {
        let body: String = entries.iter().map(|(k, v)| format!("{k}{v}")).collect();
        format!("a:{}:{{{body}}}", entries.len())
    };
    match value {
        Json::Null => "N;".to_owned(),
        Json::Bool(b) => format!("b:{};", u8::from(*b)),
        Json::Number(n) => format!("i:{n};"),
        Json::String(s) => text(s),
        Json::Array(items) => array(items.iter().enumerate().map(|(i, v)| (format!("i:{i};"), php(v))).collect()),
        Json::Object(map) => array(map.iter().map(|(k, v)| (text(k), php(v))).collect()),
    }
}

/// A template file of these nodes, in base64.
pub fn template(children: Json) -> String {
    let root = json!({
        "Type": "SequentialWorkflowActivity", "Name": "Template", "Properties": {"Title": "Sample"}, "Children": children,
    });
    let parameter = json!({
        "Name": "Reason", "Description": "", "Type": "string", "Required": "1", "Multiple": "0", "Options": "", "Default": "",
    });
    let file = json!({
        "VERSION": 2, "TEMPLATE": [root], "PARAMETERS": {"Reason": parameter}, "VARIABLES": [], "CONSTANTS": [],
        "DOCUMENT_FIELDS": [],
    });
    base64::engine::general_purpose::STANDARD.encode(php(&file))
}
