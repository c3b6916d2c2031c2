//! Settings and keys of the installation.

use crate::identity::secrets::{Hash32, random_key};
use crate::platform::Inner;
use model::Fault;
use model::error::codes;
use serde_json::Value as Json;
use store::{SettingWrite, Unit};

/// Two nodes that make a key at the same moment agree on the later one within this time.
const KEY_FRESH_MS: i64 = 30_000;

/// Settings and keys, see [`crate::Platform::settings`].
pub struct Settings<'a>(pub(crate) &'a Inner);

impl Settings<'_> {
    /// A setting's value.
    pub async fn get(&self, key: &str) -> Result<Option<Json>, Fault> {
        Ok(self.0.store.setting(key).await?)
    }

    /// All settings whose key starts with `prefix`, by key.
    pub async fn list(&self, prefix: &str) -> Result<Vec<(String, Json)>, Fault> {
        Ok(self.0.store.settings(prefix).await?)
    }

    /// Sets a setting.
    pub async fn put(&self, key: &str, value: Json) -> Result<(), Fault> {
        self.0.commit(Unit::of(SettingWrite::Put { key: key.to_owned(), value })).await?;
        Ok(())
    }

    /// The installation's key `name`, for example for HMACs of event tokens: made at its first use, the same for ever.
    pub async fn key(&self, name: &str) -> Result<Hash32, Fault> {
        let mut keys = self.0.keys.lock().await;
        let now = self.0.now();
        if let Some((key, read_at)) = keys.get(name)
            && (self.0.store.exclusive() || now.0 - read_at.0 < KEY_FRESH_MS)
        {
            return Ok(*key);
        }
        let stored_as = format!("key.{name}");
        let key = match self.0.store.secret(&stored_as).await? {
            Some(bytes) => {
                Hash32::try_from(bytes.as_slice()).map_err(|e| Fault::of(&codes::STORE_CORRUPT).caused_by(e))?
            }
            None => {
                let key = random_key();
                let write = SettingWrite::PutSecret { key: stored_as, value: key.to_vec() };
                self.0.commit(Unit::of(write)).await?;
                key
            }
        };
        keys.insert(name.to_owned(), (key, now));
        Ok(key)
    }
}
