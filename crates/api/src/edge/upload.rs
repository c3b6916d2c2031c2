//! A file sent as a multipart form.

use super::error::ApiError;
use super::extract::{invalid, parse_opt_id};
use crate::ApiState;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;
use model::error::codes;
use model::{CatalogId, Fault};

/// The form of [`crate::groups::models::FileFormDto`], read.
pub(crate) struct UploadedFile {
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
    /// The file's name as sent.
    pub(crate) file_name: String,
    /// What people are to see.
    pub(crate) name: Option<String>,
    /// The catalog whose records its processes run for.
    pub(crate) catalog: Option<CatalogId>,
}

impl FromRequest<ApiState> for UploadedFile {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, ApiError> {
        let form = Multipart::from_request(request, state).await;
        let form = form.map_err(|_| invalid("The body has to be multipart/form-data with a part `file`"))?;
        Ok(Self::read(form).await?)
    }
}

impl UploadedFile {
    /// Reads the form; unknown parts are passed over.
    async fn read(mut form: Multipart) -> Result<Self, Fault> {
        let mut file = Self { bytes: Vec::new(), file_name: String::new(), name: None, catalog: None };
        let mut seen = false;
        while let Some(field) = form.next_field().await.map_err(broken)? {
            match field.name().unwrap_or_default() {
                "file" => {
                    file.file_name = field.file_name().unwrap_or_default().to_owned();
                    file.bytes = field.bytes().await.map_err(broken)?.to_vec();
                    seen = true;
                }
                "name" => file.name = text(field).await?,
                "catalogId" => file.catalog = parse_opt_id(text(field).await?.as_deref())?,
                _ => {}
            }
        }
        if seen { Ok(file) } else { Err(invalid("The form has no part `file`")) }
    }

    /// What people see when nothing better is known: the file's name without its ending.
    pub(crate) fn title(&self) -> String {
        let base = self.file_name.rsplit(['/', '\\']).next().unwrap_or_default();
        let stem = base.rsplit_once('.').map_or(base, |(stem, _)| stem).trim();
        if stem.is_empty() { "Imported".to_owned() } else { stem.chars().take(200).collect() }
    }
}

async fn text(field: Field<'_>) -> Result<Option<String>, Fault> {
    let text = field.text().await.map_err(broken)?;
    Ok(Some(text.trim().to_owned()).filter(|t| !t.is_empty()))
}

fn broken(error: MultipartError) -> Fault {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Fault::of(&codes::REQUEST_TOO_LARGE);
    }
    invalid(&format!("The form can not be read: {}", error.body_text()))
}
