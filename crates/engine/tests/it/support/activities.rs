//! The words of [`super::definition`] for activities, and their steps.
//!
//! Scopes: `transaction ID {`, `adhoc ID {`, `undo ID {` (a compensation event sub-process; its start is `startdone ID`).
//! Elements: `call ID PROCESS`, `decision ID NAME`, `compensate ID [ACTIVITY]` and `compensateEnd ID [ACTIVITY]`,
//! `forget ID` (a compensation throw that does not wait), `cancelEnd ID`, `terminateTurns ID`.
//! Settings: `parallel over LIST [as NAME]`, `sequential over LIST [as NAME]`, `parallel times N`, `sequential times N`,
//! `zeroBased`, `index NAME`, `collect NAME = e`, `until = e`, `each escalation CODE`, `eachJob TYPE`, `eachCompensate`, `first escalation CODE`, `each`,
//! `when e escalation CODE`, `while = e`, `whileBefore = e`, `loopMax N`, `handler ID`, `quantity N M`, `asyncBefore`,
//! `asyncAfter`, `mutex = e`, `skip = e`, `on EVENT TYPE`, `needs a,b`, `property NAME JSON`, `object NAME JSON`,
//! `list NAME`, `reads T = e`, `writes T = e`, `readsStore T S`, `writesStore S = e`, `tag T`, `noWait`, `noneIn`,
//! `noneOut`, `businessKey = e`; of ad-hoc ones: `one`, `active = e`, `manual`, `complete = e`, `keepRemaining`, `asks TYPE`.

use super::definition::{Builder, context};
use engine::exchange::ChildOutcome;
use engine::testbed::{Testbed, TestbedError};
use engine::{Activate, Command, Event, Modification, Move};
use model::definition::*;
use model::{Object, UserId, Value};

impl Builder {
    pub fn activity_scope(&mut self, word: &str, rest: &str) -> Option<()> {
        let kind = match word {
            "transaction" => ScopeKind::Transaction,
            "adhoc" => ScopeKind::AdHoc(Box::new(AdHoc { cancel_remaining: true, ..AdHoc::default() })),
            "undo" => ScopeKind::EventSubProcess,
            _ => return None,
        };
        let event = kind == ScopeKind::EventSubProcess;
        let idx = self.open_scope(rest.strip_suffix('{')?.trim());
        self.definition.elements[idx.0 as usize].kind = ElementKind::Scope(Box::new(Scope::of(kind)));
        let parent = self.definition.elements[idx.0 as usize].parent;
        if event && let ElementKind::Scope(scope) = &mut self.definition.elements[parent.0 as usize].kind {
            scope.event_sub_processes.push(idx);
        }
        Some(())
    }

    pub fn process_word(&mut self, word: &str, rest: &str) -> Option<()> {
        let (name, what) = rest.split_once(' ')?;
        if word == "processListener" {
            let on = match name {
                "start" => ListenerEvent::Start,
                "cancel" => ListenerEvent::Cancel,
                _ => ListenerEvent::End,
            };
            let listener = Listener { on, job_type: self.literal(what), retries: None, headers: Vec::new() };
            self.definition.elements[0].traits_mut().listeners.push(listener);
            return Some(());
        }
        let initial = Some(Value::from_json(&serde_json::from_str(what).ok()?));
        if let ElementKind::Scope(scope) = &mut self.definition.elements[0].kind {
            scope.data.push(DataObject { variable: name.to_owned(), collection: false, initial, state: None });
        }
        Some(())
    }

    pub fn activity_kind(&mut self, word: &str, id: &str, rest: &str) -> Option<ElementKind> {
        let activity = if rest.is_empty() { None } else { Some(rest) };
        let undone = |b: &Self| activity.map(|a| b.definition.find(a).unwrap_or_else(|| panic!("no `{a}` yet")));
        Some(match word {
            "call" => {
                let process = self.text_or_expression(rest, "process");
                ElementKind::CallActivity(Box::new(CallActivity {
                    process,
                    binding: Binding::Latest,
                    all_in: true,
                    local_in: false,
                    all_out: true,
                    business_key: None,
                    wait: true,
                }))
            }
            "decision" => {
                let decision = self.text_or_expression(rest, "decision");
                ElementKind::BusinessRuleTask(Box::new(DecisionCall {
                    decision,
                    binding: Binding::Latest,
                    result_variable: Some(id.to_owned()),
                    result: DecisionResult::Value,
                    retries: None,
                }))
            }
            "compensate" | "forget" => {
                let throw = Throw::Compensation { activity: undone(self), wait: word == "compensate" };
                ElementKind::ThrowEvent(ThrowEvent::of(throw))
            }
            "compensateEnd" => {
                ElementKind::EndEvent(ThrowEvent::of(Throw::Compensation { activity: undone(self), wait: true }))
            }
            "cancelEnd" => ElementKind::EndEvent(ThrowEvent::of(Throw::Cancel)),
            "terminateTurns" => ElementKind::EndEvent(ThrowEvent::of(Throw::Terminate(TerminateReach::MultiInstance))),
            "startdone" => {
                let parent = *self.scopes.last()?;
                let next = ElementIdx(self.definition.elements.len() as u32);
                if let ElementKind::Scope(scope) = &mut self.definition.elements[parent.0 as usize].kind {
                    scope.triggered.push(next);
                }
                let triggers = vec![Trigger::Compensation];
                ElementKind::StartEvent(StartEvent { triggers, parallel: false, interrupting: true })
            }
            _ => return None,
        })
    }

    fn traits(&mut self) -> &mut Traits {
        let at = self.target().0 as usize;
        self.definition.elements[at].traits_mut()
    }

    /// The element that a setting is about: the last one, or the scope that was opened last.
    fn target(&self) -> ElementIdx {
        self.last
    }

    fn multi(&mut self) -> &mut MultiInstance {
        let traits = self.traits();
        if !matches!(traits.repetition, Some(Repetition::MultiInstance(_))) {
            traits.repetition = Some(Repetition::MultiInstance(Box::default()));
        }
        match &mut traits.repetition {
            Some(Repetition::MultiInstance(multi)) => multi,
            _ => unreachable!(),
        }
    }

    fn standard(&mut self) -> &mut StandardLoop {
        let traits = self.traits();
        if !matches!(traits.repetition, Some(Repetition::Standard(_))) {
            traits.repetition = Some(Repetition::Standard(StandardLoop::default()));
        }
        match &mut traits.repetition {
            Some(Repetition::Standard(standard)) => standard,
            _ => unreachable!(),
        }
    }

    fn feel(&mut self, text: &str, role: &str) -> ExprId {
        self.source(Language::Feel, text.trim(), role)
    }

    fn escalation(&mut self, code: &str) -> Throw {
        Throw::Escalation { code: self.literal(code) }
    }

    pub fn activity_setting(&mut self, line: &str) -> Option<()> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let value = rest.strip_prefix('=').map(str::trim);
        match (word, value) {
            ("parallel" | "sequential", None) => {
                let (how, what) = rest.split_once(' ')?;
                let (what, item) = what.rsplit_once(" as ").map_or((what, None), |(w, i)| (w, Some(i.to_owned())));
                let counted = self.feel(what, how);
                let multi = self.multi();
                multi.sequential = word == "sequential";
                multi.item = item;
                match how {
                    "over" => multi.collection = Some(counted),
                    "times" => multi.cardinality = Some(counted),
                    _ => return None,
                }
            }
            ("zeroBased", _) => self.multi().zero_based = true,
            ("index", None) => self.multi().index = Some(rest.to_owned()),
            ("collect", None) => {
                let (name, element) = rest.split_once(" = ")?;
                let element = self.feel(element, "output element");
                let output = OutputCollection { collection: name.to_owned(), element };
                match self.ad_hoc() {
                    Some(ad_hoc) => ad_hoc.output = Some(output),
                    None => self.multi().output = Some(output),
                }
            }
            ("until", Some(e)) => self.multi().completion = Some(self.definition_expression(e, "completion")),
            ("each", None) => {
                let throw = rest.strip_prefix("escalation ").map(|code| Box::new(self.escalation(code)));
                self.multi().behavior = TurnBehavior::None(throw);
            }
            ("first", None) => {
                let throw = rest.strip_prefix("escalation ").map(|code| Box::new(self.escalation(code)));
                self.multi().behavior = TurnBehavior::One(throw);
            }
            ("eachJob", None) => {
                let throw = Throw::Job(Box::new(ServiceTask::new(self.literal(rest))));
                self.multi().behavior = TurnBehavior::None(Some(Box::new(throw)));
            }
            ("eachCompensate", _) => {
                let throw = Throw::Compensation { activity: None, wait: true };
                self.multi().behavior = TurnBehavior::None(Some(Box::new(throw)));
            }
            ("when", None) => {
                let (condition, code) = rest.split_once(" escalation ")?;
                let (condition, throw) = (self.feel(condition, "behaviour"), self.escalation(code));
                let multi = self.multi();
                if let TurnBehavior::Complex(events) = &mut multi.behavior {
                    events.push((condition, throw));
                } else {
                    multi.behavior = TurnBehavior::Complex(vec![(condition, throw)]);
                }
            }
            ("while" | "whileBefore", Some(e)) => {
                let condition = self.feel(e, "loop");
                let standard = self.standard();
                standard.condition = Some(condition);
                standard.test_before = word == "whileBefore";
            }
            ("loopMax", None) => self.standard().maximum = rest.parse().ok(),
            _ => return self.trait_setting(word, rest, value),
        }
        Some(())
    }

    fn definition_expression(&mut self, text: &str, role: &str) -> ExprId {
        self.feel(text, role)
    }

    fn trait_setting(&mut self, word: &str, rest: &str, value: Option<&str>) -> Option<()> {
        match (word, value) {
            ("handler", None) => {
                let handler = self.definition.find(rest)?;
                self.traits().compensation_handler = Some(handler);
                self.definition.elements[handler.0 as usize].traits_mut().for_compensation = true;
            }
            ("quantity", None) => {
                let (start, completion) = rest.split_once(' ')?;
                let traits = self.traits();
                traits.start_quantity = start.parse().ok()?;
                traits.completion_quantity = completion.parse().ok()?;
            }
            ("asyncBefore", _) => self.traits().async_before = true,
            ("asyncAfter", _) => self.traits().async_after = true,
            ("mutex", Some(e)) => self.traits().mutex = Some(self.definition_expression(e, "mutex")),
            ("skip", Some(e)) => self.traits().skip = Some(self.definition_expression(e, "skip")),
            ("on", None) => {
                let (event, job_type) = rest.split_once(' ')?;
                let on = match event {
                    "start" => ListenerEvent::Start,
                    "end" => ListenerEvent::End,
                    "beforeAll" => ListenerEvent::BeforeAll,
                    "cancel" => ListenerEvent::Cancel,
                    "creating" => ListenerEvent::Creating,
                    "completing" => ListenerEvent::Completing,
                    "assigning" => ListenerEvent::Assigning,
                    "updating" => ListenerEvent::Updating,
                    "canceling" => ListenerEvent::Canceling,
                    _ => return None,
                };
                let listener = Listener { on, job_type: self.literal(job_type), retries: None, headers: Vec::new() };
                let at = self.last.0 as usize;
                match (&mut self.definition.elements[at].kind, event) {
                    (
                        ElementKind::UserTask(task),
                        "creating" | "completing" | "assigning" | "updating" | "canceling",
                    ) => task.listeners.push(listener),
                    _ => self.traits().listeners.push(listener),
                }
            }
            ("needs", None) => self.traits().required = rest.split(',').map(str::to_owned).collect(),
            ("property", None) => {
                let (key, json) = rest.split_once(' ')?;
                let default = Value::from_json(&serde_json::from_str(json).ok()?);
                let declared = VariableDecl { key: key.to_owned(), default, ..VariableDecl::default() };
                self.traits().properties.push(declared);
            }
            ("reads" | "writes", None) => {
                let (target, source) = rest.split_once(" = ")?;
                let source = Some(self.feel(source, "data association"));
                let association =
                    DataAssociation { source, target: Some(target.to_owned()), assignments: Vec::new(), store: None };
                let traits = self.traits();
                if word == "reads" {
                    traits.data_inputs.push(association)
                } else {
                    traits.data_outputs.push(association)
                }
            }
            ("readsStore", None) => {
                let (target, store) = rest.split_once(' ')?;
                let store = Some(DataStore { name: store.to_owned(), ..DataStore::default() });
                let target = Some(target.to_owned());
                self.traits().data_inputs.push(DataAssociation {
                    source: None,
                    target,
                    assignments: Vec::new(),
                    store,
                });
            }
            ("writesStore", None) => {
                let (store, source) = rest.split_once(" = ")?;
                let source = Some(self.feel(source, "data association"));
                let store = Some(DataStore { name: store.to_owned(), ..DataStore::default() });
                self.traits().data_outputs.push(DataAssociation {
                    source,
                    target: None,
                    assignments: Vec::new(),
                    store,
                });
            }
            _ => return self.kind_setting(word, rest, value),
        }
        Some(())
    }

    fn ad_hoc(&mut self) -> Option<&mut AdHoc> {
        let at = self.last.0 as usize;
        match &mut self.definition.elements[at].kind {
            ElementKind::Scope(scope) => match &mut scope.kind {
                ScopeKind::AdHoc(ad_hoc) => Some(ad_hoc),
                _ => None,
            },
            _ => None,
        }
    }

    fn kind_setting(&mut self, word: &str, rest: &str, value: Option<&str>) -> Option<()> {
        let expression = value.map(|e| self.feel(e, word));
        let at = self.last.0 as usize;
        match &mut self.definition.elements[at].kind {
            ElementKind::CallActivity(call) => match word {
                "tag" => call.binding = Binding::VersionTag(rest.to_owned()),
                "noWait" => call.wait = false,
                "noneIn" => call.all_in = false,
                "noneOut" => call.all_out = false,
                "businessKey" => call.business_key = expression,
                _ => return None,
            },
            ElementKind::ServiceTask(task) => match word {
                "errorExpression" => task.error_expression = expression,
                _ => return None,
            },
            ElementKind::Scope(scope) => match (word, &mut scope.kind) {
                ("object", _) => {
                    let (name, json) = rest.split_once(' ')?;
                    let initial = Some(Value::from_json(&serde_json::from_str(json).ok()?));
                    let state = Some("new".to_owned());
                    scope.data.push(DataObject { variable: name.to_owned(), collection: false, initial, state });
                }
                ("list", _) => {
                    let variable = rest.to_owned();
                    scope.data.push(DataObject { variable, collection: true, ..DataObject::default() });
                }
                ("one", ScopeKind::AdHoc(ad_hoc)) => ad_hoc.sequential = true,
                ("active", ScopeKind::AdHoc(ad_hoc)) => ad_hoc.active_elements = expression,
                ("manual", ScopeKind::AdHoc(ad_hoc)) => ad_hoc.manual = true,
                ("complete", ScopeKind::AdHoc(ad_hoc)) => ad_hoc.completion = expression,
                ("keepRemaining", ScopeKind::AdHoc(ad_hoc)) => ad_hoc.cancel_remaining = false,
                ("asks", ScopeKind::AdHoc(_)) => {
                    let job = Some(Box::new(ServiceTask::new(self.literal(rest))));
                    self.ad_hoc()?.job = job;
                }
                _ => return None,
            },
            _ => return None,
        }
        Some(())
    }
}

/// The runs of an element, in order of their keys.
pub fn keys_of(bed: &Testbed, element: &str) -> Vec<u32> {
    let Some(idx) = bed.program().definition().find(element) else { panic!("no element `{element}`") };
    let instance = bed.instance().expect("started");
    instance.elements().iter().filter(|e| e.element == idx).map(|e| e.key).collect()
}

fn key(bed: &Testbed, element: &str) -> u32 {
    *keys_of(bed, element).first().unwrap_or_else(|| panic!("`{element}` is not active"))
}

/// A step about activities; none for other words.
pub fn perform(bed: &mut Testbed, word: &str, rest: &str) -> Option<Result<Vec<Event>, TestbedError>> {
    let (element, more) = rest.split_once(' ').unwrap_or((rest, ""));
    let object = |json: &str| if json.is_empty() { Object::new() } else { context(json) };
    let by = Some(UserId(1));
    let command = match word {
        "finish" => return Some(finish_child(bed, element, ChildOutcome::Completed { variables: object(more) })),
        "failCall" => {
            let (code, message) = (more.to_owned(), "from below".to_owned());
            return Some(finish_child(bed, element, ChildOutcome::Failed { code, message, data: Object::new() }));
        }
        "cancelCall" => return Some(finish_child(bed, element, ChildOutcome::Canceled { reason: more.to_owned() })),
        "notStarted" => {
            let (code, message) = ("DEF-0003".to_owned(), more.to_owned());
            return Some(finish_child(bed, element, ChildOutcome::NotStarted { code, message }));
        }
        "compensated" => return Some(compensated(bed)),
        "escalateCall" => {
            let child = child_of(bed, element);
            Command::EscalateChild { child, code: more.to_owned(), variables: Object::new() }
        }
        "addTurn" => {
            let item = Value::from_json(&serde_json::from_str(more).unwrap());
            Command::AddTurn { key: key(bed, element), item, by }
        }
        "deleteTurn" => {
            let number: usize = more.parse().unwrap();
            Command::DeleteTurn { turn: keys_of(bed, element)[number], by }
        }
        "completeTurns" => Command::CompleteTurns { key: key(bed, element), by },
        "cancelTransaction" => Command::CancelTransaction { key: key(bed, element), by },
        "activate" => {
            let (names, json) = more.split_once(' ').unwrap_or((more, ""));
            let elements = names.split(',').map(str::to_owned).collect();
            Command::ActivateAdHoc { key: key(bed, element), elements, variables: object(json), by }
        }
        "completeAdHoc" => Command::CompleteAdHoc { key: key(bed, element), by },
        "compensateInstance" => Command::Compensate {},
        "begin" => {
            let activate = vec![Activate { element: element.to_owned(), scope: None, variables: object(more) }];
            Command::Modify { modification: Modification { activate, ..modification() }, by }
        }
        "beginIn" => {
            let (id, json) = more.split_once(' ').unwrap_or((more, ""));
            let scope = keys_of(bed, element).last().copied();
            let activate = vec![Activate { element: id.to_owned(), scope, variables: object(json) }];
            Command::Modify { modification: Modification { activate, ..modification() }, by }
        }
        "stop" => {
            let terminate = vec![key(bed, element)];
            Command::Modify { modification: Modification { terminate, ..modification() }, by }
        }
        "move" => {
            let moves = vec![Move { from: key(bed, element), to: more.to_owned() }];
            Command::Modify { modification: Modification { moves, ..modification() }, by }
        }
        "answer" => {
            let keys = keys_of(bed, element);
            let open = bed.instance().expect("started").tasks().iter().find(|t| keys.contains(&t.key));
            let (task, values) = (open.expect("an open task").id, object(more));
            Command::AnswerTask { task, user: UserId(1), outcome: "ok".to_owned(), comment: None, values }
        }
        "suspend" => Command::Suspend { reason: rest.to_owned(), by },
        "resume" => Command::Resume { by },
        "skip" => {
            let instance = bed.instance().expect("started");
            let keys = keys_of(bed, element);
            let open = instance.incidents().iter().find(|i| keys.contains(&i.key)).expect("an incident");
            Command::SkipIncident { incident: open.id, output: object(more), reason: "by hand".to_owned(), by }
        }
        _ => return None,
    };
    Some(bed.command(command))
}

fn modification() -> Modification {
    Modification { reason: "by hand".to_owned(), ..Modification::default() }
}

fn child_of(bed: &Testbed, element: &str) -> model::InstanceId {
    let keys = keys_of(bed, element);
    let called = bed.instance().expect("started").called();
    called.iter().find(|c| keys.contains(&c.key)).expect("a called instance").id
}

fn finish_child(bed: &mut Testbed, element: &str, outcome: ChildOutcome) -> Result<Vec<Event>, TestbedError> {
    let child = child_of(bed, element);
    bed.command(Command::FinishChild { child, outcome })
}

fn compensated(bed: &mut Testbed) -> Result<Vec<Event>, TestbedError> {
    let running = &bed.instance().expect("started").activities().compensations;
    let child = running.iter().find_map(|c| c.child).expect("a called instance compensates itself");
    bed.command(Command::FinishChild { child, outcome: ChildOutcome::Compensated })
}
