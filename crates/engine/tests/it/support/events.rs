//! Events and gateways in the text of process definitions.
//!
//! A TRIGGER is `message NAME`, `signal NAME`, `timer VALUE`, `condition FEEL`, `error [CODE]`, `escalation [CODE]`,
//! `compensation`, `cancel`; a RESULT is `message NAME`, `job TYPE`, `signal NAME`, `error CODE`, `escalation CODE`,
//! `compensation [ELEMENT] [nowait]`, `cancel`, `terminate [multi|all]`. NAME may be `=expression`.
//!
//! `start ID TRIGGER [non]`, `catch ID TRIGGER`, `receive ID NAME [instantiate]`, `boundary ID on HOST TRIGGER [non]`,
//! `event ID {` (an event sub-process), `throw ID RESULT`, `end ID RESULT`, `send ID NAME`, `inclusive ID`,
//! `complex ID [FEEL]`, `events ID [instantiate] [parallel]`, `flow A -> B link`, `zone NAME`, `default START`.
//! Settings: `also TRIGGER` or `also RESULT`, `all` (every trigger must come), `key = e`, `correlate ID = e [with e]`,
//! `code: variable`, `message: variable`, `variables: a,b`, `changes: create,update`, `zone: Z`, `calendar: C`,
//! `until = e`, `ttl = e`, `id = e`, `ownTree`, `allVariables`, `target: PROCESS`.

use super::definition::Builder;
use model::definition::*;

impl Builder {
    /// An element of this file's words.
    pub fn event_line(&mut self, word: &str, rest: &str) -> Option<()> {
        let (id, more) = rest.split_once(' ').unwrap_or((rest, ""));
        let kind = match word {
            "start" => {
                let (more, non) = without(more, " non");
                let trigger = self.trigger(more)?;
                ElementKind::StartEvent(StartEvent { triggers: vec![trigger], parallel: false, interrupting: !non })
            }
            "catch" => ElementKind::CatchEvent(CatchEvent::of(self.trigger(more)?)),
            "receive" => {
                let (more, instantiate) = without(more, " instantiate");
                let message = self.message(more);
                ElementKind::ReceiveTask(Box::new(ReceiveTask { message, instantiate }))
            }
            "event" => {
                let idx = self.open_scope(id);
                let parent = self.definition.element(idx).parent;
                self.scope_mut(idx).kind = ScopeKind::EventSubProcess;
                self.scope_mut(parent).event_sub_processes.push(idx);
                return Some(());
            }
            "throw" => ElementKind::ThrowEvent(ThrowEvent::of(self.result(more)?)),
            "end" => ElementKind::EndEvent(ThrowEvent::of(self.result(more)?)),
            "send" => ElementKind::SendTask(Box::new(self.message_throw(more))),
            "inclusive" => ElementKind::InclusiveGateway,
            "complex" => {
                let activation = (!more.is_empty()).then(|| self.source(Language::Feel, more, "activation"));
                ElementKind::ComplexGateway(ComplexGateway { activation })
            }
            "events" => {
                let (instantiate, parallel) = (more.contains("instantiate"), more.contains("parallel"));
                ElementKind::EventBasedGateway(EventBasedGateway { instantiate, parallel })
            }
            "zone" => {
                self.definition.zone = Some(id.to_owned());
                return Some(());
            }
            "default" => {
                let start = self.definition.find(id)?;
                let parent = self.definition.element(start).parent;
                self.scope_mut(parent).default_start = Some(start);
                return Some(());
            }
            _ => return None,
        };
        let instantiates = matches!(&kind, ElementKind::EventBasedGateway(g) if g.instantiate)
            || matches!(&kind, ElementKind::ReceiveTask(t) if t.instantiate);
        let idx = self.element(id, kind);
        if instantiates {
            let parent = self.definition.element(idx).parent;
            self.scope_mut(parent).triggered.push(idx);
        }
        Some(())
    }

    pub fn scope_mut(&mut self, idx: ElementIdx) -> &mut Scope {
        match &mut self.definition.elements[idx.0 as usize].kind {
            ElementKind::Scope(scope) => scope,
            other => panic!("{other:?} is no scope"),
        }
    }

    pub fn message(&mut self, name: &str) -> MessageTrigger {
        MessageTrigger { name: self.text_or_expression(name, "message name"), key: None, correlation: Vec::new() }
    }

    fn message_throw(&mut self, name: &str) -> MessageThrow {
        let name = self.text_or_expression(name, "message name");
        MessageThrow { name, key: None, id: None, ttl: None, target: None }
    }

    pub fn trigger(&mut self, text: &str) -> Option<Trigger> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let code = (!rest.is_empty()).then(|| rest.to_owned());
        Some(match word {
            "message" => Trigger::Message(Box::new(self.message(rest))),
            "signal" => Trigger::Signal(SignalTrigger { name: self.text_or_expression(rest, "signal name") }),
            "timer" => Trigger::Timer(self.timer(&rest.replace('_', " "))),
            "condition" => {
                let condition = match rest {
                    "true" => self.literal(true),
                    feel => self.source(Language::Feel, feel, "condition"),
                };
                Trigger::Condition(Condition { condition, variables: Vec::new(), changes: Vec::new() })
            }
            "error" => Trigger::Error(ErrorTrigger { code, ..ErrorTrigger::default() }),
            "escalation" => Trigger::Escalation(EscalationTrigger { code, code_variable: None }),
            "compensation" => Trigger::Compensation,
            "cancel" => Trigger::Cancel,
            _ => return None,
        })
    }

    pub fn result(&mut self, text: &str) -> Option<Throw> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        Some(match word {
            "message" => Throw::Message(Box::new(self.message_throw(rest))),
            "job" => Throw::Job(Box::new(ServiceTask::new(self.text_or_expression(rest, "job type")))),
            "signal" => {
                let name = self.text_or_expression(rest, "signal name");
                Throw::Signal(SignalThrow { name, own_tree: false, all_variables: false, variables: Vec::new() })
            }
            "error" => Throw::Error { code: self.text_or_expression(rest, "error code"), message: None },
            "escalation" => Throw::Escalation { code: self.text_or_expression(rest, "escalation code") },
            "compensation" => {
                let (rest, nowait) = without(rest, "nowait");
                let activity = self.definition.find(rest.trim());
                Throw::Compensation { activity, wait: !nowait }
            }
            "cancel" => Throw::Cancel,
            "terminate" => Throw::Terminate(match rest {
                "multi" => TerminateReach::MultiInstance,
                "all" => TerminateReach::All,
                _ => TerminateReach::Scope,
            }),
            _ => return None,
        })
    }

    /// A setting of an event; the text after `name:` or `name =`.
    pub fn event_setting(&mut self, line: &str) -> Option<()> {
        let (name, text) = line.split_once([':', '=']).map_or((line, ""), |(n, t)| (n.trim(), t.trim()));
        let expression = match line.contains('=') && !name.starts_with("correlate ") {
            true => self.source(Language::Feel, text, name),
            false => self.literal(text),
        };
        let also = line.strip_prefix("also ");
        let throws = matches!(
            self.definition.elements[self.last.0 as usize].kind,
            ElementKind::EndEvent(_) | ElementKind::ThrowEvent(_)
        );
        let trigger = also.filter(|_| !throws).and_then(|text| self.trigger(text));
        let result = also.filter(|_| throws).and_then(|text| self.result(text));
        let correlation = match name.strip_prefix("correlate ") {
            Some(id) => {
                let (from_message, from_process) = match text.split_once(" with ") {
                    Some((message, process)) => (message, Some(self.source(Language::Feel, process, "correlation"))),
                    None => (text, None),
                };
                let from_message = self.source(Language::Feel, from_message, "correlation");
                let properties = vec![CorrelationProperty { from_message, from_process }];
                Some(CorrelationKey { id: id.to_owned(), properties })
            }
            None => None,
        };
        let list = || text.split(',').map(|v| v.trim().to_owned()).collect::<Vec<String>>();
        let kind = &mut self.definition.elements[self.last.0 as usize].kind;
        if let ElementKind::ReceiveTask(task) = kind {
            return message_setting(&mut task.message, name, expression, correlation);
        }
        if let ElementKind::SendTask(message) = kind {
            return throw_setting(message, name, text, expression);
        }
        let (triggers, parallel) = match kind {
            ElementKind::StartEvent(e) => (&mut e.triggers, &mut e.parallel),
            ElementKind::CatchEvent(e) => (&mut e.triggers, &mut e.parallel),
            ElementKind::BoundaryEvent(e) => (&mut e.triggers, &mut e.parallel),
            ElementKind::EndEvent(e) | ElementKind::ThrowEvent(e) => {
                if let Some(result) = result {
                    e.results.push(result);
                    return Some(());
                }
                return match e.results.last_mut()? {
                    Throw::Message(message) => throw_setting(message, name, text, expression),
                    Throw::Signal(signal) => {
                        match name {
                            "ownTree" => signal.own_tree = true,
                            "allVariables" => signal.all_variables = true,
                            _ => return None,
                        }
                        Some(())
                    }
                    Throw::Error { message, .. } if name == "message" => {
                        *message = Some(expression);
                        Some(())
                    }
                    _ => None,
                };
            }
            _ => return None,
        };
        if name == "all" {
            *parallel = true;
            return Some(());
        }
        if let Some(trigger) = trigger {
            triggers.push(trigger);
            return Some(());
        }
        match triggers.last_mut()? {
            Trigger::Message(message) => return message_setting(message, name, expression, correlation),
            Trigger::Error(error) => match name {
                "code" => error.code_variable = Some(text.to_owned()),
                "message" => error.message_variable = Some(text.to_owned()),
                _ => return None,
            },
            Trigger::Escalation(escalation) if name == "code" => escalation.code_variable = Some(text.to_owned()),
            Trigger::Condition(condition) => match name {
                "variables" => condition.variables = list(),
                "changes" => {
                    condition.changes = (list().iter())
                        .map(|c| if c == "create" { VariableChange::Create } else { VariableChange::Update })
                        .collect();
                }
                _ => return None,
            },
            Trigger::Timer(timer) => match name {
                "zone" => timer.zone = Some(text.to_owned()),
                "calendar" => timer.calendar = Some(text.to_owned()),
                "until" => timer.end = Some(expression),
                _ => return None,
            },
            _ => return None,
        }
        Some(())
    }

    /// Nodes without incoming flow begin scopes without any start.
    pub fn set_implicit_starts(&mut self) {
        for idx in 0..self.definition.elements.len() {
            let scope = ElementIdx(idx as u32);
            let Some(found) = self.definition.elements[idx].kind.as_scope() else { continue };
            if !found.starts.is_empty() || !found.triggered.is_empty() {
                continue;
            }
            let begins = |e: &Element| {
                let event_sub_process = e.kind.as_scope().is_some_and(|s| s.kind == ScopeKind::EventSubProcess);
                e.incoming.is_empty()
                    && !event_sub_process
                    && !e.is_for_compensation()
                    && !matches!(e.kind, ElementKind::BoundaryEvent(_))
            };
            let inside = |(n, e): &(usize, &Element)| *n != 0 && e.parent == scope && begins(e);
            let implicit =
                self.definition.elements.iter().enumerate().filter(inside).map(|(n, _)| ElementIdx(n as u32)).collect();
            self.scope_mut(scope).implicit = implicit;
        }
    }
}

fn without<'t>(text: &'t str, suffix: &str) -> (&'t str, bool) {
    match text.strip_suffix(suffix) {
        Some(rest) => (rest, true),
        None => (text, false),
    }
}

fn message_setting(
    message: &mut MessageTrigger,
    name: &str,
    expression: ExprId,
    correlation: Option<CorrelationKey>,
) -> Option<()> {
    match (name, correlation) {
        ("key", _) => message.key = Some(expression),
        (_, Some(correlation)) => message.correlation.push(correlation),
        _ => return None,
    }
    Some(())
}

fn throw_setting(message: &mut MessageThrow, name: &str, text: &str, expression: ExprId) -> Option<()> {
    match name {
        "key" => message.key = Some(expression),
        "ttl" => message.ttl = Some(expression),
        "id" => message.id = Some(expression),
        "target" => message.target = Some(MessageTarget::Process { process: text.to_owned(), element: None }),
        _ => return None,
    }
    Some(())
}
