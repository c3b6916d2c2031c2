//! The word that a runtime's loops end.
//!
//! Invariant: whoever asks after it was given is told too, and loops hear it in the order in which they asked: a
//! `watch` would draw lots, and a simulation would not repeat its run. Never: taken back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// Shared by those who give the word and those who wait for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(Arc<Word>);

#[derive(Debug, Default)]
struct Word {
    given: AtomicBool,
    heard: Notify,
}

impl Stop {
    /// Gives the word.
    pub(crate) fn give(&self) {
        self.0.given.store(true, Ordering::SeqCst);
        self.0.heard.notify_waiters();
    }

    /// Waits for it.
    pub(crate) async fn stopped(&self) {
        let heard = self.0.heard.notified();
        tokio::pin!(heard);
        // From here on the word is not missed.
        heard.as_mut().enable();
        if !self.0.given.load(Ordering::SeqCst) {
            heard.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everybody_hears_it_early_or_late() {
        let stop = Stop::default();
        let early = tokio::spawn({
            let stop = stop.clone();
            async move { stop.stopped().await }
        });
        tokio::task::yield_now().await;
        assert!(!early.is_finished());
        stop.give();
        early.await.unwrap();
        stop.stopped().await;
    }
}
