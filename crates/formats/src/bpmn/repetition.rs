//! Multi-instance activities and standard loops (BPMN MI-1..9, LP-1, LP-2, LN-23, LN-31).
//!
//! Never: counts turns.

use super::compile::{Compiler, own};
use super::dom::{child, filled, flag, is, model_children, text_of, zeebe};
use super::events::{Event, Place, results};
use super::expressions::{At, is_path};
use super::{data, events};
use crate::finding::Text;
use model::definition::{
    ElementIdx, ExprId, Language, MultiInstance, OutputCollection, Repetition, StandardLoop, Throw, TurnBehavior,
};
use roxmltree::Node;

/// How often the activity `node` runs.
pub(crate) fn read<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    node: Node<'a, 'i>,
    idx: ElementIdx,
) -> Option<Repetition> {
    if let Some(characteristics) = child(node, "multiInstanceLoopCharacteristics") {
        let multi = multi_instance(compiler, characteristics, node, idx);
        return Some(Repetition::MultiInstance(Box::new(multi)));
    }
    let characteristics = child(node, "standardLoopCharacteristics")?;
    Some(Repetition::Standard(standard(compiler, characteristics, idx)))
}

fn standard<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx) -> StandardLoop {
    let condition =
        child(node, "loopCondition").and_then(|node| compiler.native(At { node, element: idx, role: "loopCondition" }));
    let maximum = match filled(node, "loopMaximum").map(str::parse::<u32>) {
        None => None,
        Some(Ok(maximum)) => Some(maximum),
        Some(Err(_)) => {
            let text = Text::new("`loopMaximum` must be a number of 0 or more", "«loopMaximum» — число не меньше 0");
            compiler.error("LN-31", node, text);
            return StandardLoop::default();
        }
    };
    if condition.is_none() && maximum.is_none() && child(node, "loopCondition").is_none_or(|c| text_of(c).is_empty()) {
        let text = Text::new(
            "The loop has neither a condition nor a maximum: it would never end",
            "У цикла нет ни условия, ни наибольшего числа повторов: он не кончится",
        );
        compiler.error("LN-23", node, text);
    }
    StandardLoop { test_before: flag(node, "testBefore") == Some(true), condition, maximum }
}

fn multi_instance<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    node: Node<'a, 'i>,
    activity: Node<'a, 'i>,
    idx: ElementIdx,
) -> MultiInstance {
    let mut multi = MultiInstance { sequential: flag(node, "isSequential") == Some(true), ..MultiInstance::default() };
    multi.cardinality = child(node, "loopCardinality")
        .and_then(|node| compiler.native(At { node, element: idx, role: "loopCardinality" }));
    multi.zero_based = own(node, "zeroBased") == Some("true");
    multi.index = own(node, "indexVariable").map(str::to_owned);
    native(compiler, node, idx, &mut multi);
    if let Some(extension) = zeebe(node, "loopCharacteristics") {
        zeebe_loop(compiler, extension, idx, &mut multi);
    }
    let given = ["loopCardinality", "loopDataInputRef"].iter().any(|name| child(node, name).is_some());
    let text = match (multi.cardinality, multi.collection) {
        (Some(_), Some(_)) => Some(Text::new(
            "Give a collection or a number of turns, not both",
            "Задайте либо коллекцию, либо число повторов, но не то и другое",
        )),
        (None, None) if !given => Some(Text::new(
            "The multi-instance activity has neither a collection nor a number of turns",
            "У многократного действия нет ни коллекции, ни числа повторов",
        )),
        _ => None,
    };
    if let Some(text) = text {
        compiler.error("LN-23", node, text);
    }
    if let Some(condition) = child(node, "completionCondition") {
        multi.completion = compiler.native(At { node: condition, element: idx, role: "completionCondition" });
    }
    multi.behavior = behavior(compiler, node, activity, idx);
    multi
}

/// BPMN's own references to data.
fn native<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx, multi: &mut MultiInstance) {
    // A label such as "input item" is no name that an expression could read (VA-5): then the id is it.
    let plain = |name: &&str| name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let named = |n| filled(n, "name").filter(plain).or_else(|| filled(n, "id")).or_else(|| filled(n, "name"));
    let name_of = |name: &str| child(node, name).and_then(named);
    if let Some(reference) = child(node, "loopDataInputRef") {
        multi.collection = collection(compiler, reference, idx);
    }
    multi.item = name_of("inputDataItem").map(str::to_owned);
    if let Some(reference) = child(node, "loopDataOutputRef") {
        let collection = data::referred(compiler, &text_of(reference), data::Way::Out);
        match (collection, name_of("outputDataItem")) {
            (Some(collection), Some(item)) => {
                let element = compiler.variable(At { node: reference, element: idx, role: "outputDataItem" }, item);
                multi.output = Some(OutputCollection { collection, element });
            }
            _ => {
                let text = Text::new(
                    "`loopDataOutputRef` needs a variable that is there and an `outputDataItem`",
                    "Для «loopDataOutputRef» нужны существующая переменная и «outputDataItem»",
                );
                compiler.error("LN-23", reference, text);
            }
        }
    }
}

/// The list that `loopDataInputRef` means: a data input is filled from the data it is associated with.
fn collection<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, idx: ElementIdx) -> Option<ExprId> {
    let text = text_of(node);
    let at = At { node, element: idx, role: "collection" };
    if let Some(feel) = text.strip_prefix('=') {
        return Some(compiler.source(at, Language::Feel, feel.trim()));
    }
    match data::referred(compiler, &text, data::Way::In) {
        Some(name) => Some(compiler.variable(at, &name)),
        None => {
            let message = Text::new(
                format!("`{text}` is no data that turns could be taken from"),
                format!("«{text}» — не данные, по которым можно повторять"),
            );
            compiler.error("LN-23", node, message);
            None
        }
    }
}

fn zeebe_loop<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    node: Node<'a, 'i>,
    idx: ElementIdx,
    multi: &mut MultiInstance,
) {
    let at = |role| At { node, element: idx, role };
    if let Some(text) = filled(node, "inputCollection") {
        multi.collection = Some(compiler.value(at("inputCollection"), text));
    }
    if let Some(item) = filled(node, "inputElement") {
        multi.item = Some(item.to_owned());
    }
    if let Some(output) = output(compiler, node, idx) {
        multi.output = Some(output);
    }
}

/// `outputCollection` and `outputElement` of zeebe (BPMN MI-6); one without the other is an error.
pub(crate) fn output<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    node: Node<'a, 'i>,
    idx: ElementIdx,
) -> Option<OutputCollection> {
    match (filled(node, "outputCollection"), filled(node, "outputElement")) {
        (Some(collection), Some(element)) if is_path(collection) => {
            let element = compiler.value(At { node, element: idx, role: "outputElement" }, element);
            Some(OutputCollection { collection: collection.to_owned(), element })
        }
        (None, None) => None,
        _ => {
            let text = Text::new(
                "An output collection needs a variable name and an output element",
                "Для выходной коллекции нужны имя переменной и выходной элемент",
            );
            compiler.error("LN-23", node, text);
            None
        }
    }
}

/// What completed turns throw (BPMN MI-7).
fn behavior<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    node: Node<'a, 'i>,
    activity: Node<'a, 'i>,
    idx: ElementIdx,
) -> TurnBehavior {
    let event = Event { node: activity, idx, place: Place::Throw, once: false };
    match filled(node, "behavior").unwrap_or("All").to_lowercase().as_str() {
        "all" => TurnBehavior::All,
        "none" => TurnBehavior::None(referred_throw(compiler, node, "noneBehaviorEventRef", event)),
        "one" => TurnBehavior::One(referred_throw(compiler, node, "oneBehaviorEventRef", event)),
        "complex" => complex(compiler, node, event),
        other => {
            let text = Text::new(
                format!("The behaviour is All, None, One or Complex, not `{other}`"),
                format!("Поведение — All, None, One или Complex, а не «{other}»"),
            );
            compiler.error("LN-23", node, text);
            TurnBehavior::All
        }
    }
}

fn referred_throw<'a, 'i>(
    compiler: &mut Compiler<'_, 'a, 'i>,
    node: Node<'a, 'i>,
    name: &str,
    event: Event<'a, 'i>,
) -> Option<Box<Throw>> {
    let reference = filled(node, name)?;
    let definition = compiler.file.resolve(reference).filter(|n| n.tag_name().name().ends_with("EventDefinition"));
    let Some(definition) = definition else {
        let text = Text::new(
            format!("There is no event definition `{reference}`"),
            format!("Нет определения события «{reference}»"),
        );
        compiler.error("LN-03", node, text);
        return None;
    };
    let thrown = if compiler.may_share(definition) { results(compiler, event, definition) } else { Vec::new() };
    thrown.into_iter().next().map(Box::new)
}

fn complex<'a, 'i>(compiler: &mut Compiler<'_, 'a, 'i>, node: Node<'a, 'i>, event: Event<'a, 'i>) -> TurnBehavior {
    let mut found = Vec::new();
    for part in model_children(node).filter(|n| is(*n, "complexBehaviorDefinition")).collect::<Vec<_>>() {
        let condition = child(part, "condition")
            .and_then(|node| compiler.native(At { node, element: event.idx, role: "condition" }));
        let throw = child(part, "event");
        let (Some(condition), Some(throw)) = (condition, throw) else {
            let text = Text::new(
                "A complex behaviour needs a condition and an event",
                "Сложному поведению нужны условие и событие",
            );
            compiler.error("LN-23", part, text);
            continue;
        };
        for definition in events::definitions(compiler, throw, Place::Throw) {
            found.extend(results(compiler, event, definition).into_iter().map(|throw| (condition, throw)));
        }
    }
    TurnBehavior::Complex(found)
}
