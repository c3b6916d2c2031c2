//! The Bitrix24-compatible face: `/rest/...`, `/oauth/...` and the calls to apps' handlers.
//!
//! Translates at the edge and owns no logic: what a method means is `platform`'s and `runtime`'s business.

pub mod wire;
