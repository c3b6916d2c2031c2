//! Pages of lists.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The most a page holds.
pub const MAX_LIMIT: usize = 500;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The page's items.
    pub items: Vec<T>,
    /// How many there are on all pages.
    pub total: u64,
}

impl<T> Page<T> {
    /// A list that is all on one page.
    pub fn whole(items: Vec<T>) -> Self {
        let total = items.len() as u64;
        Self { items, total }
    }
}

/// Any JSON object, in the OpenAPI document.
#[derive(Debug, ToSchema)]
pub struct JsonObject(
    #[expect(dead_code, reason = "only describes")] std::collections::HashMap<String, serde_json::Value>,
);

/// Which page of a list is wanted.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many items; 50 when absent, 500 at most.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<usize>,
    /// How many items to skip.
    #[param(minimum = 0)]
    pub offset: Option<usize>,
}

impl PageQuery {
    /// Limit and offset in their bounds.
    pub fn bounds(&self) -> (usize, usize) {
        (self.limit.unwrap_or(50).clamp(1, MAX_LIMIT), self.offset.unwrap_or(0))
    }

    /// The same for the runtime's lists.
    pub(crate) fn of_runtime(&self) -> runtime::Page {
        let (limit, offset) = self.bounds();
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        runtime::Page { limit: narrow(limit), offset: narrow(offset) }
    }

    /// The page of `all`.
    pub fn slice<T>(&self, all: Vec<T>) -> Page<T> {
        let (limit, offset) = self.bounds();
        let total = all.len() as u64;
        Page { items: all.into_iter().skip(offset).take(limit).collect(), total }
    }
}
