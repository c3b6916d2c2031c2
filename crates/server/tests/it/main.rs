//! What holds the repository together: arrows, sizes, documents, error pages and the table of coverage.

mod arrows;
mod coverage;
mod documents;
mod error_pages;
mod tidy;
