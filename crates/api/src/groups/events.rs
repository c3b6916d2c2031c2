//! Live updates.

use crate::ApiState;
use crate::edge::{Caller, JsonObject, cookie};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream;
use platform::live::CLOSING;
use platform::{Actor, LiveEvent};
use serde::Serialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::{Interval, MissedTickBehavior, interval};
use utoipa::ToSchema;

/// One live event: its name is the topic, its data this.
#[derive(Serialize, ToSchema)]
#[schema(as = LiveEvent)]
pub struct LiveEventDto {
    /// `task`, `instance`, `notification`, `record`, `catalog`, `definition`, `app`, `model`, `incident`; `lost` when
    /// the listener was too slow and has to read its lists again.
    pub topic: String,
    /// Id of what changed.
    pub id: String,
    /// Particulars.
    #[schema(value_type = JsonObject)]
    pub data: serde_json::Value,
}

/// Live updates as server-sent events. Each tells what changed; what it is now is read with the other operations. A
/// comment every 15 s keeps the connection.
#[utoipa::path(get, path = "/events", tag = "events",
    responses((status = 200, description = "Events", body = LiveEventDto, content_type = "text/event-stream")))]
pub(crate) async fn stream(State(api): State<ApiState>, caller: Caller, headers: HeaderMap) -> impl IntoResponse {
    let mut recheck = interval(RECHECK);
    recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
    recheck.reset();
    let listener = Listener {
        events: api.platform.live().subscribe(),
        cookie: caller.session.as_ref().and_then(|_| cookie(&headers)).map(str::to_owned),
        actor: caller.actor,
        recheck,
        api,
    };
    let events = stream::unfold(listener, |mut l| async move { Some((Ok::<_, Infallible>(l.next().await?), l)) });
    let sse = Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("alive"));
    // A proxy that gathers answers would hold the events back.
    ([("x-accel-buffering", "no")], sse)
}

/// Between two comments that keep the connection.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Between two looks whether the listener may still listen.
const RECHECK: Duration = Duration::from_secs(60);

struct Listener {
    api: ApiState,
    actor: Actor,
    cookie: Option<String>,
    events: Receiver<Arc<LiveEvent>>,
    recheck: Interval,
}

impl Listener {
    /// The next event for this listener; none when it may no longer listen or the server stops.
    async fn next(&mut self) -> Option<Event> {
        loop {
            tokio::select! {
                received = self.events.recv() => match received {
                    Ok(event) if event.topic == CLOSING => return None,
                    Ok(event) if visible(&self.actor, &event) => return Some(wire(&self.actor, &event)),
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => return Some(wire(&self.actor, &LiveEvent::new("lost", ""))),
                    Err(RecvError::Closed) => return None,
                },
                _ = self.recheck.tick() => self.check().await?,
            }
        }
    }

    /// A session that ended, or a person who was dismissed, is told nothing more.
    async fn check(&mut self) -> Option<()> {
        match &self.cookie {
            Some(cookie) => self.actor = self.api.platform.sessions().authenticate(cookie).await.ok()?.actor,
            None => {
                let user = self.api.platform.users().get(self.actor.user_id()).await.ok()??;
                if !user.active {
                    return None;
                }
            }
        }
        Some(())
    }
}

fn wire(actor: &Actor, event: &LiveEvent) -> Event {
    // That some task or instance moved is no secret; what became of it is for those it concerns.
    let concerns = actor.is_admin() || event.users.is_some() || !matches!(event.topic, "task" | "instance");
    let data = if concerns { event.data.clone() } else { serde_json::json!({}) };
    let body = LiveEventDto { topic: event.topic.to_owned(), id: event.id.clone(), data };
    Event::default().event(event.topic).data(serde_json::to_string(&body).unwrap_or_default())
}

/// Whether `actor` may know of `event`.
pub(crate) fn visible(actor: &Actor, event: &LiveEvent) -> bool {
    match &event.users {
        Some(users) if users.contains(&actor.user_id()) => true,
        Some(_) => actor.is_admin() && event.topic != "notification",
        None => {
            actor.is_admin()
                || matches!(event.topic, "record" | "catalog" | "definition" | "task" | "instance" | "lost")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::UserId;
    use platform::{Role, User};

    #[test]
    fn who_is_told_what() {
        let person =
            |id: i64, role: Role| Actor::session(User { id: UserId(id), role, ..(*Actor::system().user).clone() });
        let (ann, boss) = (person(5, Role::Employee), person(1, Role::Admin));
        let of = |topic: &'static str, users: Option<Vec<i64>>| LiveEvent {
            users: users.map(|ids| ids.into_iter().map(UserId).collect()),
            ..LiveEvent::new(topic, "x")
        };
        let table = [
            (of("record", None), true, true),
            (of("instance", None), true, true),
            (of("instance", Some(vec![5])), true, true),
            (of("task", Some(vec![6])), false, true),
            (of("notification", Some(vec![6])), false, false),
            (of("notification", Some(vec![5])), true, false),
            (of("model", None), false, true),
            (of("incident", None), false, true),
        ];
        for (event, to_ann, to_boss) in table {
            assert_eq!((visible(&ann, &event), visible(&boss, &event)), (to_ann, to_boss), "{event:?}");
        }
    }
}
