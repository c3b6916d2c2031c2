//! Looks for what commits may have written whose answers were lost.
//!
//! Invariant: after such a commit timers, calls and messages are looked at once more, a moment later and not once for
//! each: while the database refuses writes and serves reads, what is looked at fails and asks for the next look. Who
//! asks before a look begins is covered by it. Never: keeps a stopped runtime alive.

use crate::core::Core;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Time from the first who asks to the look.
const AGAIN_MS: i64 = 1_000;

/// Whether a look is to come.
#[derive(Default)]
pub(crate) struct Unsure(AtomicBool);

impl Unsure {
    /// Whether who asks has to see to it himself.
    fn ask(&self) -> bool {
        !self.0.swap(true, Ordering::SeqCst)
    }

    /// The look begins: who asks from now on needs another.
    fn begin(&self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// Has everything looked at in a moment.
pub(super) fn look_later(core: &Arc<Core>) {
    if !core.unsure.ask() {
        return;
    }
    let moment = core.clock.sleep_until(core.now().plus_ms(AGAIN_MS));
    let core = Arc::downgrade(core);
    tokio::spawn(async move {
        moment.await;
        let Some(core) = core.upgrade() else { return };
        core.unsure.begin();
        core.timers.forget_horizon();
        core.outbox.notify_one();
        core.cluster.inbox.look();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sees_to_it_for_all_who_asked_before_the_look() {
        let unsure = Unsure::default();
        assert!(unsure.ask() && !unsure.ask() && !unsure.ask());
        unsure.begin();
        assert!(unsure.ask(), "what came during the look needs another");
    }
}
