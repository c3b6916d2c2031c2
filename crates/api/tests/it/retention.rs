//! How long what ended is kept: read, changed, shown with a definition.

use crate::world::{World, approval};
use serde_json::{Value, json};

#[tokio::test]
async fn rules_are_read_and_changed() {
    let world = World::new().await;
    let (get, put) = ("GET /settings/retention", "PUT /settings/retention");
    let at_first = world.boss(get, Value::Null).await.expect(200);
    assert_eq!((&at_first["instancesDays"], &at_first["packAfterHours"]), (&json!(null), &json!(24)));
    assert_eq!(at_first["done"], json!({"instances": 0, "entries": 0, "journals": 0, "backlog": 0}));

    let rules = json!({"instancesDays": 90, "processes": {"approval": 7}, "callsDays": 30, "packAfterHours": null});
    let changed = world.boss(put, rules).await.expect(200);
    assert_eq!(changed["processes"], json!({"approval": 7}));
    let kept = world.boss(get, Value::Null).await.expect(200);
    assert_eq!((&kept["instancesDays"], &kept["packAfterHours"]), (&json!(90), &json!(null)));

    world.boss(put, json!({"instancesDays": 0})).await.fault(422, "RUN-0014");
    world.boss(put, json!({"instanceDays": 5})).await.fault(400, "API-0001");
    world.call(&world.ann, get, Value::Null).await.fault(403, "IDN-0005");
    world.call(&world.ann, put, json!({})).await.fault(403, "IDN-0005");

    let preview = "POST /settings/retention/preview";
    let would = world.boss(preview, json!({"instancesDays": 3, "processes": {"gone": null}})).await.expect(200);
    assert_eq!((&would["over"], &would["more"]), (&json!(0), &json!(false)));
    let gone = json!({"processId": "gone", "name": "gone", "ended": 0, "purged": 0, "over": 0,
        "kept": {"days": null, "own": true}});
    assert_eq!(would["processes"].as_array().unwrap().iter().find(|p| p["processId"] == "gone"), Some(&gone));
    world.boss(preview, json!({"instancesDays": 0})).await.fault(422, "RUN-0014");
    world.call(&world.ann, preview, json!({})).await.fault(403, "IDN-0005");
    let same = world.boss(get, Value::Null).await.expect(200);
    assert_eq!(same["instancesDays"], 90, "nothing is changed by a preview");

    let model = world.boss("POST /models", json!({"name": "m", "source": approval("ann")})).await.expect(201);
    let deployed = world.boss(&format!("POST /models/{}/deploy", model["id"].as_str().unwrap()), json!({})).await;
    let id = deployed.expect(201)["definitions"][0]["id"].as_str().unwrap().to_owned();
    let shown = world.boss(&format!("GET /definitions/{id}"), Value::Null).await.expect(200);
    assert_eq!(shown["kept"], json!({"days": 7, "own": true}));
    assert_eq!(shown["stats"]["purged"], 0);
    world.runtime.shutdown().await;
}
