//! What deployment says of things that are not there (BPMN LN-24) and of dates that are past (LN-21).

use crate::support::World;
use model::{Diagnostic, Severity};
use runtime::Deploy;

async fn deploy(world: &World, processes: &[(&str, &str)]) -> Result<Vec<Diagnostic>, String> {
    let body: String = processes
        .iter()
        .map(|(id, middle)| {
            format!(
                "<process id=\"{id}\" isExecutable=\"true\"><startEvent id=\"{id}_s\"/>{middle}<sequenceFlow id=\"{id}_f\" \
                 sourceRef=\"{id}_s\" targetRef=\"{id}_a\"/></process>"
            )
        })
        .collect();
    let text = format!(
        "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
         xmlns:zeebe=\"http://camunda.org/schema/zeebe/1.0\" targetNamespace=\"t\">{body}</definitions>"
    );
    let what = Deploy { bytes: text.into_bytes(), ..Deploy::default() };
    let deployed = world.runtime.deploy(&world.admin, what).await;
    deployed.map(|d| d[0].diagnostics.clone()).map_err(|f| format!("{f} {:?}", f.details))
}

fn call(caller: &str, called: &str, binding: &str) -> String {
    format!(
        "<callActivity id=\"{caller}_a\"><extensionElements><zeebe:calledElement processId=\"{called}\" {binding}/>\
         </extensionElements></callActivity>"
    )
}

fn found(diagnostics: &[Diagnostic], code: &str) -> Vec<(Severity, String)> {
    let of = diagnostics.iter().filter(|d| d.code == code);
    of.map(|d| (d.severity, d.element.clone().unwrap_or_default())).collect()
}

#[tokio::test]
async fn ln_24_what_is_called_is_looked_for() {
    let world = World::new().await;
    let caller = |binding: &str| call("p", "q", binding);
    let warning = vec![(Severity::Warning, "p_a".to_owned())];
    for binding in ["", "bindingType=\"versionTag\" versionTag=\"blue\""] {
        let told = deploy(&world, &[("p", &caller(binding))]).await.unwrap();
        assert_eq!(found(&told, "LN-24"), warning, "{binding}");
    }
    let refused = deploy(&world, &[("p", &caller("bindingType=\"deployment\""))]).await.unwrap_err();
    assert!(refused.contains("LN-24"), "{refused}");
    // In the same file, and once it is deployed, it is there.
    let both = [("p", caller("bindingType=\"deployment\"")), ("q", "<task id=\"q_a\"/>".to_owned())];
    let both: Vec<(&str, &str)> = both.iter().map(|(id, body)| (*id, body.as_str())).collect();
    assert_eq!(found(&deploy(&world, &both).await.unwrap(), "LN-24"), []);
    assert_eq!(found(&deploy(&world, &[("p", &caller(""))]).await.unwrap(), "LN-24"), []);
    // A process may call itself.
    assert_eq!(found(&deploy(&world, &[("r", &call("r", "r", ""))]).await.unwrap(), "LN-24"), []);
}

#[tokio::test]
async fn ln_24_forms_by_id_are_not_kept() {
    let world = World::new().await;
    let form = "<userTask id=\"p_a\" name=\"A\"><extensionElements><zeebe:formDefinition formId=\"order\"/>\
                </extensionElements></userTask>";
    let told = deploy(&world, &[("p", form)]).await.unwrap();
    assert_eq!(found(&told, "LN-24"), [(Severity::Warning, "p_a".to_owned())]);
}

#[tokio::test]
async fn ln_21_a_past_date_is_told() {
    let world = World::new().await;
    let until = |date: &str| {
        format!(
            "<intermediateCatchEvent id=\"p_a\"><timerEventDefinition><timeDate>{date}</timeDate></timerEventDefinition>\
             </intermediateCatchEvent>"
        )
    };
    let told = deploy(&world, &[("p", &until("2001-01-31T10:00:00Z"))]).await.unwrap();
    assert_eq!(found(&told, "LN-21"), [(Severity::Warning, "p_a".to_owned())]);
    let told = deploy(&world, &[("p", &until("2901-01-31T10:00:00Z"))]).await.unwrap();
    assert_eq!(found(&told, "LN-21"), []);
}
