//! Secrets: how random tokens are made, and how tokens and passwords are kept.
//!
//! Invariant: what is stored never gives the secret back: passwords as argon2id, random tokens as SHA-256. A random
//! token holds at least 128 bits, so a fast hash is enough; a password does not, so it gets a slow one.
//! Never: logs a secret, or compares one in variable time.

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use base64::Engine as _;
use hmac::{Hmac, Mac};
use model::Fault;
use model::error::codes;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Bytes of a SHA-256 hash or key.
pub type Hash32 = [u8; 32];

/// Fills `buffer` from the system's source of randomness.
///
/// Panics when the system has none: nothing secure can be done then.
#[expect(clippy::disallowed_methods, reason = "the one door to randomness")]
pub fn fill_random(buffer: &mut [u8]) {
    getrandom::fill(buffer).expect("the system gives randomness");
}

/// A key of 32 random bytes.
pub fn random_key() -> Hash32 {
    let mut key = [0; 32];
    fill_random(&mut key);
    key
}

/// A URL-safe token of 256 random bits, 43 characters.
pub fn random_token() -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random_key())
}

/// `len` random characters of `alphabet`, without bias.
pub fn random_text(alphabet: &[u8], len: usize) -> String {
    let limit = 256 - 256 % alphabet.len();
    let mut out = String::with_capacity(len);
    let mut buffer = [0u8; 64];
    while out.len() < len {
        fill_random(&mut buffer);
        for byte in buffer {
            if usize::from(byte) < limit && out.len() < len {
                out.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
            }
        }
    }
    out
}

/// `len` random characters `[a-z0-9]`.
pub fn random_alphanumeric(len: usize) -> String {
    random_text(b"abcdefghijklmnopqrstuvwxyz0123456789", len)
}

/// `len` random lower hex digits.
pub fn random_hex(len: usize) -> String {
    random_text(b"0123456789abcdef", len)
}

/// How a random token is stored.
pub fn hash_token(token: &str) -> Hash32 {
    Sha256::digest(token.as_bytes()).into()
}

/// Whether two byte strings are equal, in time that tells nothing about where they differ.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// HMAC-SHA256 of `message` under `key`, as lower hex.
pub fn hmac_hex(key: &[u8], message: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    hex(&mac.finalize().into_bytes())
}

/// Lower hex digits of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        out.push(char::from(b"0123456789abcdef"[usize::from(b >> 4)]));
        out.push(char::from(b"0123456789abcdef"[usize::from(b & 15)]));
        out
    })
}

fn argon() -> Argon2<'static> {
    let params = Params::new(19_456, 2, 1, None).expect("the parameters are in argon2's range");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Hashes a password for keeping. Slow by design: runs on a blocking thread.
pub async fn hash_password(password: String) -> Result<String, Fault> {
    blocking(move || {
        let mut salt = [0; 16];
        fill_random(&mut salt);
        let salt = argon2::password_hash::SaltString::encode_b64(&salt).map_err(|e| internal(e.to_string()))?;
        let hash = argon().hash_password(password.as_bytes(), &salt).map_err(|e| internal(e.to_string()))?;
        Ok(hash.to_string())
    })
    .await?
}

/// Whether `password` is the one `hash` was made from. With no hash it takes as long and says no, so that an answer's
/// time does not tell which logins exist.
pub async fn verify_password(password: String, hash: Option<String>) -> Result<bool, Fault> {
    blocking(move || {
        let known = hash.as_deref().and_then(|h| PasswordHash::new(h).ok());
        match known {
            Some(parsed) => argon().verify_password(password.as_bytes(), &parsed).is_ok(),
            None => {
                let mut out = [0; 32];
                let _ = argon().hash_password_into(password.as_bytes(), b"nobody-has-this-login", &mut out);
                false
            }
        }
    })
    .await
}

/// Each run takes 19 MiB, so only a few run at once; the others wait.
static RUNS: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(4);

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    let _permit = RUNS.acquire().await.map_err(|e| Fault::of(&codes::STORE_FAILED).caused_by(e))?;
    tokio::task::spawn_blocking(work).await.map_err(|e| Fault::of(&codes::STORE_FAILED).caused_by(e))
}

fn internal(message: String) -> Fault {
    Fault::of(&codes::STORE_FAILED).caused_by(std::io::Error::other(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_recognised_and_not_stored() {
        let hash = hash_password("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && !hash.contains("horse"));
        assert!(verify_password("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!verify_password("wrong".into(), Some(hash)).await.unwrap());
        assert!(!verify_password("wrong".into(), None).await.unwrap());
    }

    #[test]
    fn random_texts_have_their_length_and_alphabet() {
        assert_eq!(random_token().len(), 43);
        let text = random_alphanumeric(100);
        assert!(text.len() == 100 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        assert_ne!(random_hex(32), random_hex(32));
        assert_eq!(hex(&[0, 171, 255]), "00abff");
    }
}
