//! What activities do: tasks, calls, repetition, listeners.

use super::{Binding, DataAssociation, ElementIdx, ExprId, MessageTrigger, Throw, VariableDecl};
use crate::Object;
use serde::{Deserialize, Serialize};

/// What kind of answer a task asks for; decides its buttons and how it looks on the Bitrix face (contract 2.10, 4.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TaskKind {
    /// Fill in a form (or nothing) and complete: outcome `ok`.
    #[default]
    Form,
    /// Approve or refuse: outcomes `yes`, `no`.
    Approve,
    /// Acknowledge: outcome `ok`.
    Review,
    /// Fill in a form or refuse: outcomes `ok`, `cancel`.
    FormOrRefuse,
}

impl TaskKind {
    /// The outcomes it offers.
    pub fn outcomes(self) -> &'static [&'static str] {
        match self {
            Self::Form | Self::Review => &["ok"],
            Self::Approve => &["yes", "no"],
            Self::FormOrRefuse => &["ok", "cancel"],
        }
    }
}

/// A user task.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UserTask {
    /// What kind of answer it asks for.
    pub kind: TaskKind,
    /// The person: `user_5`, a login, or a list of them.
    pub assignee: Option<ExprId>,
    /// People who may claim it.
    pub candidate_users: Option<ExprId>,
    /// Groups whose members may claim it.
    pub candidate_groups: Option<ExprId>,
    /// When it is late.
    pub due: Option<ExprId>,
    /// What people see as its title; the element's name when absent.
    pub title: Option<ExprId>,
    /// Explanation for the person.
    pub description: Option<ExprId>,
    /// 0..100; 50 when absent.
    pub priority: Option<ExprId>,
    /// The form.
    pub form: Option<Form>,
    /// Variable that receives the outcome (`yes`, `ok`, …) besides the form's values.
    pub outcome_variable: Option<String>,
    /// Face-specific settings kept as they were (button labels, comment rules).
    pub settings: Object,
    /// Not before this does it come to people's attention.
    pub follow_up: Option<ExprId>,
    /// Task listeners in order (BPMN IN-5): `Creating` and after.
    pub listeners: Vec<Listener>,
}

/// A form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Form {
    /// A form-js schema kept in the definition.
    Embedded(serde_json::Value),
    /// A deployed form by its id.
    Id(String),
}

/// Work for a connector, an app's handler or an external worker.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceTask {
    /// Job type: `rest_<md5>` for an app's activity, `ruslo:…` for built-in components, anything for workers.
    pub job_type: ExprId,
    /// How often the job may fail before it becomes an incident; 3 when absent.
    pub retries: Option<ExprId>,
    /// Static settings.
    pub headers: Vec<(String, String)>,
    /// Variable that receives the whole result as a context (zeebe header `resultVariable`).
    pub result_variable: Option<String>,
    /// Expression over the result; its context's entries become variables (zeebe header `resultExpression`).
    pub result_expression: Option<ExprId>,
    /// Expression over the result or failure; a context with `code` raises a business error (zeebe header
    /// `errorExpression`).
    pub error_expression: Option<ExprId>,
    /// Wait before a try after a failure: a duration, or a list of them (BPMN IN-1); 10 s doubling when absent.
    pub backoff: Option<ExprId>,
    /// How urgent the job is among those of its type: the higher the sooner; 0 when absent (zeebe
    /// `jobPriorityDefinition`).
    pub priority: Option<ExprId>,
}

impl ServiceTask {
    /// A job of this type, without settings.
    pub fn new(job_type: ExprId) -> Self {
        Self {
            job_type,
            retries: None,
            headers: Vec::new(),
            result_variable: None,
            result_expression: None,
            error_expression: None,
            backoff: None,
            priority: None,
        }
    }
}

/// A script evaluated by the engine.
#[derive(Debug, Clone, PartialEq)]
pub struct ScriptTask {
    /// What is evaluated.
    pub script: ExprId,
    /// Variable that receives the result; for JavaScript without one, a returned object's members become variables.
    pub result_variable: Option<String>,
}

/// What makes an element more than a plain run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Traits {
    /// How often the activity runs.
    pub repetition: Option<Repetition>,
    /// Runs only to undo another activity: no flows, no start (BPMN CO-2).
    pub for_compensation: bool,
    /// The activity that undoes this one.
    pub compensation_handler: Option<ElementIdx>,
    /// Tokens that one run takes (BPMN TK-9); 0 and 1 mean one.
    pub start_quantity: u32,
    /// Tokens on each flow taken (BPMN TK-9); 0 and 1 mean one.
    pub completion_quantity: u32,
    /// Execution listeners in order (BPMN IN-5).
    pub listeners: Vec<Listener>,
    /// Commit before its work begins (BPMN IN-6).
    pub async_before: bool,
    /// Commit after its work (BPMN IN-6).
    pub async_after: bool,
    /// A name that only one run at a time holds, in all instances (pattern 39).
    pub mutex: Option<ExprId>,
    /// True: passed over without being run (flowable `skipExpression`).
    pub skip: Option<ExprId>,
    /// Its own variables (BPMN DA-1).
    pub properties: Vec<VariableDecl>,
    /// What is read when it is activating, before the input mapping (BPMN DA-2, DA-4).
    pub data_inputs: Vec<DataAssociation>,
    /// What is written when it completes, after the output mapping.
    pub data_outputs: Vec<DataAssociation>,
    /// Variables that must have a value before it starts (BPMN DA-2: a complete input set).
    pub required: Vec<String>,
}

/// How often an activity runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Repetition {
    /// Once per item or number (BPMN MI-1..9).
    MultiInstance(Box<MultiInstance>),
    /// While a condition holds (BPMN LP-1, LP-2).
    Standard(StandardLoop),
}

/// Multi-instance characteristics.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MultiInstance {
    /// One turn after the other, or all at once.
    pub sequential: bool,
    /// How many turns; excludes `collection`.
    pub cardinality: Option<ExprId>,
    /// A list: one turn per item.
    pub collection: Option<ExprId>,
    /// Variable that holds a turn's item.
    pub item: Option<String>,
    /// Variable that holds a turn's number from 0 (flowable `elementIndexVariable`).
    pub index: Option<String>,
    /// `loopCounter` counts from 0, as models of Camunda 7 and Flowable expect (BPMN MI-3).
    pub zero_based: bool,
    /// True after a turn: the others are terminated (BPMN MI-5).
    pub completion: Option<ExprId>,
    /// What the turns give together (BPMN MI-6).
    pub output: Option<OutputCollection>,
    /// What completed turns throw (BPMN MI-7).
    pub behavior: TurnBehavior,
}

/// A list in input order, one slot per turn.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputCollection {
    /// Variable that receives the list.
    pub collection: String,
    /// What a turn puts into its slot, evaluated in the turn's scope.
    pub element: ExprId,
}

/// What completed turns of a multi-instance activity throw (BPMN MI-7).
#[derive(Debug, Clone, PartialEq, Default)]
pub enum TurnBehavior {
    /// Nothing.
    #[default]
    All,
    /// The event at every turn; a signal with the counters when absent.
    None(Option<Box<Throw>>),
    /// The event at the first turn.
    One(Option<Box<Throw>>),
    /// At every turn the events whose condition is true.
    Complex(Vec<(ExprId, Throw)>),
}

/// A standard loop.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StandardLoop {
    /// Test, run, repeat; otherwise run, test, repeat.
    pub test_before: bool,
    /// True: go on.
    pub condition: Option<ExprId>,
    /// Turns at most.
    pub maximum: Option<u32>,
}

/// An execution listener: a job at a moment of the element's life (BPMN IN-5).
#[derive(Debug, Clone, PartialEq)]
pub struct Listener {
    /// When.
    pub on: ListenerEvent,
    /// Job type.
    pub job_type: ExprId,
    /// How often the job may fail before it becomes an incident; 3 when absent.
    pub retries: Option<ExprId>,
    /// Static settings.
    pub headers: Vec<(String, String)>,
}

/// When a listener is called. `Creating` and after: of user tasks only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ListenerEvent {
    /// After input mapping, before the element's work.
    Start,
    /// After its work, before it leaves.
    End,
    /// The process is cancelled.
    Cancel,
    /// Before the first turn of a repeated activity.
    BeforeAll,
    /// The task is being created.
    Creating,
    /// The task is being assigned.
    Assigning,
    /// The task is being changed.
    Updating,
    /// The task is being completed; the listener may deny it or correct the answer.
    Completing,
    /// The task is being taken back.
    Canceling,
}

/// A task that waits for a message.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceiveTask {
    /// What it waits for.
    pub message: MessageTrigger,
    /// The message creates the instance.
    pub instantiate: bool,
}

/// The evaluation of a decision: a job `ruslo:decision` that the runtime does in the same commit.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionCall {
    /// The decision's id.
    pub decision: ExprId,
    /// Which version.
    pub binding: Binding,
    /// Variable that receives the result.
    pub result_variable: Option<String>,
    /// The shape of the result.
    pub result: DecisionResult,
    /// How often it may fail before it becomes an incident; 3 when absent.
    pub retries: Option<ExprId>,
}

/// The shape of a decision's result (camunda `mapDecisionResult`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DecisionResult {
    /// As DMN gives it.
    #[default]
    Value,
    /// The only output of the only matching rule.
    SingleEntry,
    /// All outputs of the only matching rule.
    SingleResult,
    /// The only output of all matching rules.
    CollectEntries,
    /// All outputs of all matching rules.
    ResultList,
}

/// The call of another process (BPMN CA-1..6).
#[derive(Debug, Clone, PartialEq)]
pub struct CallActivity {
    /// The id of the process or global task.
    pub process: ExprId,
    /// Which version.
    pub binding: Binding,
    /// All variables visible to the call go in; otherwise the input mapping only.
    pub all_in: bool,
    /// Only variables of the call's own scope go in with `all_in` (camunda `local`).
    pub local_in: bool,
    /// All variables of the called process come back when nothing is mapped.
    pub all_out: bool,
    /// The called instance's business key.
    pub business_key: Option<ExprId>,
    /// Waits for the end; otherwise starts and goes on (BPMN CA-5).
    pub wait: bool,
}
