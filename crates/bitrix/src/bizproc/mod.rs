//! The `bizproc` methods (contract section 2), one file a family.

pub mod activity;
pub mod descriptor;
pub mod event;
pub mod instances;
pub mod task;
pub mod task_list;
pub mod task_parameters;
pub mod template;
pub mod template_list;
pub mod templates;
pub mod values;
pub mod workflow;
