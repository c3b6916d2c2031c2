//! Every limit with its unit and default. A limit that is exceeded has an error code (see [`crate::error`]).

/// The limits of one installation. Defaults come from the contracts where they set one.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Node entries one step may pass without waiting before it is cut with an incident (BPMN TK-5).
    pub step_node_entries: u32,
    /// Turns of one repeated activity (BPMN MI-1).
    pub turns: u32,
    /// Bytes of one variable's value (BPMN VA-6: 1 MiB).
    pub value_bytes: usize,
    /// Bytes of all variables of an instance (BPMN VA-6: 8 MiB).
    pub instance_bytes: usize,
    /// Encoded bytes of a value beyond which it is kept once for its instance, apart from its state.
    pub large_value_bytes: usize,
    /// FEEL evaluation steps of one expression.
    pub feel_fuel: u64,
    /// Nesting of an expression's text and of the values it builds.
    pub expression_depth: u32,
    /// JavaScript: interrupt ticks of one run inside the engine before it is moved to a worker.
    pub script_inline_ticks: u64,
    /// JavaScript: milliseconds of one run on a worker (BPMN IN-7: 5 s).
    pub script_ms: u64,
    /// JavaScript: bytes of heap of one run (BPMN IN-7: 64 MiB).
    pub script_bytes: usize,
    /// Bytes of an imported definition (BPMN LN-01: 20 MB).
    pub definition_bytes: usize,
    /// Elements of an imported definition (BPMN LN-01: 50,000).
    pub definition_elements: usize,
    /// XML nesting of an imported definition (BPMN LN-01: 200).
    pub definition_depth: usize,
    /// Bytes kept of a handler's answer; the rest is dropped and the log says so.
    pub handler_answer_bytes: usize,
    /// Milliseconds to connect to a handler.
    pub handler_connect_ms: u64,
    /// Milliseconds of a whole handler call.
    pub handler_call_ms: u64,
    /// Milliseconds over which a failing handler call is retried.
    pub handler_retry_window_ms: u64,
    /// Bytes of a request body.
    pub request_bytes: usize,
    /// Commands that may wait in one partition's queue; more are answered 429/503.
    pub partition_queue: usize,
    /// Starts of one definition that may wait in one worker's queue; more are answered `RUN-0007`.
    pub definition_starts: usize,
    /// Bytes of commands that may wait in all queues of a node; more are answered `RUN-0007`.
    pub queue_bytes: usize,
    /// Commands of one round at most. A round is made smaller while commits take longer than `commit_ms`.
    pub round_commands: usize,
    /// Milliseconds that the commit of a round should take at most.
    pub commit_ms: u64,
    /// Timers of the near future that a node keeps in memory; the others are read when their time comes.
    pub timers_near: usize,
    /// Requests for jobs that may wait at one node; more are answered `RUN-0007`.
    pub job_polls: usize,
    /// Of these, requests for one type of job.
    pub job_polls_per_type: usize,
    /// Scripts that may wait in memory for a thread; the others are read when it is their turn.
    pub scripts_waiting: usize,
    /// Outgoing calls of a node at once.
    pub deliveries: usize,
    /// Outgoing calls at once to one target: a handler, or a host.
    pub deliveries_per_target: usize,
    /// Failures in a row after which a target's circuit opens: its calls wait without being tried.
    pub circuit_failures: u32,
    /// Milliseconds a circuit stays open before one call is tried; doubled after each try that fails.
    pub circuit_open_ms: u64,
    /// Milliseconds a circuit stays open at most.
    pub circuit_open_max_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            step_node_entries: 10_000,
            turns: 100_000,
            value_bytes: 1 << 20,
            instance_bytes: 8 << 20,
            large_value_bytes: 8 << 10,
            feel_fuel: 1_000_000,
            expression_depth: 100,
            script_inline_ticks: 50,
            script_ms: 5_000,
            script_bytes: 64 << 20,
            definition_bytes: 20_000_000,
            definition_elements: 50_000,
            definition_depth: 200,
            handler_answer_bytes: 64 << 10,
            handler_connect_ms: 5_000,
            handler_call_ms: 30_000,
            handler_retry_window_ms: 600_000,
            request_bytes: 32 << 20,
            partition_queue: 10_000,
            definition_starts: 8_192,
            queue_bytes: 256 << 20,
            round_commands: 256,
            commit_ms: 20,
            timers_near: 8_192,
            job_polls: 4_096,
            job_polls_per_type: 1_024,
            scripts_waiting: 1_024,
            deliveries: 256,
            deliveries_per_target: 16,
            circuit_failures: 5,
            circuit_open_ms: 5_000,
            circuit_open_max_ms: 60_000,
        }
    }
}
