//! Item definitions: types with their allowed values, and making values fit them.
//!
//! Invariant: null fits every type; a value that does not fit becomes null with a warning. A type that contains itself
//! is checked as deep as the data goes, never deeper.

use crate::finding::{Findings, Text};
use crate::tree::{ItemDefinition, Source, Tree};
use expr::EvalError;
use expr::feel::{self, Expression, Feel, Nothing, Options, Session, Type};
use model::Value;
use model::limits::Limits;
use std::collections::HashMap;
use std::sync::Arc;

/// What a `typeRef` stands for.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// A type of FEEL.
    Plain(Type),
    /// An item definition.
    Defined(usize),
}

/// One item definition, read.
#[derive(Debug)]
struct Definition {
    name: Arc<str>,
    shape: Shape,
    collection: bool,
    /// Values allowed: of each item of a collection.
    allowed: Option<Arc<Tests>>,
    /// Values allowed: of the collection itself.
    constraint: Option<Arc<Tests>>,
}

#[derive(Debug)]
enum Shape {
    Is(Kind),
    Members(Vec<(Arc<str>, Kind)>),
}

/// Unary tests with the values they list, for priorities.
#[derive(Debug)]
pub(crate) struct Tests {
    expression: Expression,
}

impl Tests {
    pub(crate) fn read(source: &Source, options: &Options) -> Result<Self, expr::SyntaxError> {
        Ok(Self { expression: feel::compile_unary_tests(&source.text, options)? })
    }

    pub(crate) fn pass(&self, session: &mut Session, value: &Feel) -> Result<bool, EvalError> {
        self.expression.test(session, &Nothing, value)
    }
}

/// The item definitions of a model.
#[derive(Debug, Default)]
pub(crate) struct Types {
    definitions: Vec<Definition>,
    /// By namespace and name.
    names: HashMap<(Arc<str>, Arc<str>), usize>,
    /// As FEEL sees them in `instance of`, by file.
    pub(crate) declared: Vec<Vec<(Arc<str>, Type)>>,
}

/// Levels of a type that FEEL's own checks look at.
const DEPTH: u32 = 8;

/// The types that vendors write besides FEEL's.
fn plain(name: &str) -> Option<Type> {
    Type::named(name).or(match name {
        "integer" | "long" | "double" | "int" | "float" | "decimal" => Some(Type::Number),
        "dateTime" | "dateAndTime" => Some(Type::DateTime),
        "" => Some(Type::Any),
        _ => None,
    })
}

/// Reads the item definitions of files; `findings` are those of the first.
pub(crate) fn read(trees: &[Tree], findings: &mut Findings, limits: &Limits) -> Types {
    let mut types = Types::default();
    for tree in trees {
        for item in &tree.types {
            let index = types.definitions.len();
            types.names.insert((tree.namespace.clone(), item.name.clone()), index);
            types.definitions.push(placeholder(&item.name));
        }
    }
    for (file, tree) in trees.iter().enumerate() {
        for item in &tree.types {
            let mut builder = Builder { types: &mut types, trees, file, findings, limits };
            let definition = builder.definition(item);
            if let Some(index) = types.names.get(&(tree.namespace.clone(), item.name.clone())) {
                types.definitions[*index] = definition;
            }
        }
    }
    for tree in trees {
        let mut declared = Vec::new();
        for item in &tree.types {
            let kind = types.find(trees, tree, &item.name);
            declared.extend(kind.map(|k| (item.name.clone(), types.as_feel(&k, DEPTH))));
        }
        for import in &tree.imports {
            let Some(other) = trees.iter().find(|t| t.namespace == import.namespace) else { continue };
            for item in &other.types {
                let name: Arc<str> = Arc::from(format!("{}.{}", import.name, item.name));
                let kind = types.find(trees, other, &item.name);
                declared.extend(kind.map(|k| (name, types.as_feel(&k, DEPTH))));
            }
        }
        types.declared.push(declared);
    }
    types
}

fn placeholder(name: &Arc<str>) -> Definition {
    let shape = Shape::Is(Kind::Plain(Type::Any));
    Definition { name: name.clone(), shape, collection: false, allowed: None, constraint: None }
}

struct Builder<'b, 't> {
    types: &'b mut Types,
    trees: &'b [Tree],
    file: usize,
    findings: &'b mut Findings<'t>,
    limits: &'b Limits,
}

impl Builder<'_, '_> {
    fn definition(&mut self, item: &ItemDefinition) -> Definition {
        let shape = if item.components.is_empty() {
            let function = Kind::Plain(Type::Function(None));
            Shape::Is(if item.function { function } else { self.kind(item.type_ref.as_ref(), item) })
        } else {
            Shape::Members(item.components.iter().map(|c| (c.name.clone(), self.component(c))).collect())
        };
        Definition {
            name: item.name.clone(),
            shape,
            collection: item.collection,
            allowed: self.tests(item.allowed.as_ref(), item),
            constraint: self.tests(item.constraint.as_ref(), item),
        }
    }

    /// A component: what is more than a reference becomes a definition without a name.
    fn component(&mut self, item: &ItemDefinition) -> Kind {
        let simple = item.components.is_empty() && !item.collection && item.allowed.is_none();
        if simple && item.constraint.is_none() && !item.function {
            return self.kind(item.type_ref.as_ref(), item);
        }
        let definition = self.definition(item);
        self.types.definitions.push(definition);
        Kind::Defined(self.types.definitions.len() - 1)
    }

    fn kind(&mut self, name: Option<&Arc<str>>, item: &ItemDefinition) -> Kind {
        let Some(name) = name else { return Kind::Plain(Type::Any) };
        let found = self.types.find(self.trees, &self.trees[self.file], name);
        if found.is_none() && self.file == 0 {
            unknown_type(self.findings, name, Some(&item.name), item.at);
        }
        found.unwrap_or(Kind::Plain(Type::Any))
    }

    fn tests(&mut self, source: Option<&Source>, item: &ItemDefinition) -> Option<Arc<Tests>> {
        let source = source?;
        match Tests::read(source, &Options::new(self.limits)) {
            Ok(tests) => Some(Arc::new(tests)),
            Err(error) => {
                if self.file == 0 {
                    let (en, ru) = (format!("The allowed values: {error}"), format!("Список значений: {error}"));
                    self.findings.error("DMN-05", Some(&item.name), source.at, Text::new(en, ru));
                }
                None
            }
        }
    }
}

/// Tells of a type that nobody defined.
pub(crate) fn unknown_type(findings: &mut Findings, name: &str, element: Option<&str>, at: usize) {
    let en = format!("The type `{name}` is not defined; any value is taken");
    let ru = format!("Тип «{name}» не определён, подойдёт любое значение");
    findings.warn("DMN-09", element, at, Text::new(en, ru));
}

impl Types {
    /// What `name` stands for in `tree`.
    pub(crate) fn find(&self, trees: &[Tree], tree: &Tree, name: &Arc<str>) -> Option<Kind> {
        let own = |namespace: &Arc<str>, name: &str| {
            self.names.get(&(namespace.clone(), Arc::from(name))).map(|i| Kind::Defined(*i))
        };
        if let Some(kind) = own(&tree.namespace, name) {
            return Some(kind);
        }
        if let Some(kind) = plain(name) {
            return Some(Kind::Plain(kind));
        }
        let imported = tree.imports.iter().find_map(|import| {
            let rest = if import.name.is_empty() {
                name
            } else {
                name.strip_prefix(&*import.name)?.strip_prefix(['.', ':'])?
            };
            let other = trees.iter().find(|t| t.namespace == import.namespace)?;
            own(&other.namespace, rest)
        });
        imported.or_else(|| feel::compile_type(name, &Options::default()).ok().map(Kind::Plain))
    }

    /// The type as FEEL knows it: the shape, without allowed values.
    fn as_feel(&self, kind: &Kind, depth: u32) -> Type {
        let index = match kind {
            Kind::Plain(plain) => return plain.clone(),
            Kind::Defined(index) => *index,
        };
        let Some(depth) = depth.checked_sub(1) else { return Type::Any };
        let definition = &self.definitions[index];
        let inner = match &definition.shape {
            Shape::Is(kind) => self.as_feel(kind, depth),
            Shape::Members(members) => {
                Type::Context(members.iter().map(|(name, kind)| (name.clone(), self.as_feel(kind, depth))).collect())
            }
        };
        if definition.collection { Type::List(Some(Box::new(inner))) } else { inner }
    }

    /// The tests of allowed values that a type has: those that give output values their priorities.
    pub(crate) fn is_list(&self, kind: &Kind) -> bool {
        match kind {
            Kind::Plain(plain) => matches!(plain, Type::List(_)),
            Kind::Defined(index) => {
                let definition = &self.definitions[*index];
                definition.collection || matches!(&definition.shape, Shape::Is(k) if self.is_list(k))
            }
        }
    }

    /// What the type is called.
    pub(crate) fn name_of(&self, kind: &Kind) -> String {
        match kind {
            Kind::Plain(plain) => format!("{plain:?}").to_lowercase(),
            Kind::Defined(index) => self.definitions[*index].name.to_string(),
        }
    }

    /// `value` made to fit `kind`, or null with a warning.
    pub(crate) fn fit(&self, session: &mut Session, kind: &Kind, value: Feel) -> Result<Feel, EvalError> {
        if value.is_null() || matches!(kind, Kind::Plain(Type::Any)) {
            return Ok(value);
        }
        match self.converted(session, kind, &value)? {
            Some(fitting) => Ok(fitting),
            None => {
                session.warn(format!("the {} does not fit the type {}", value.type_name(), self.name_of(kind)));
                Ok(feel::NULL)
            }
        }
    }

    /// Texts that stand for dates, times and durations read as such: outside of expressions there is only text.
    pub(crate) fn dated(&self, session: &mut Session, kind: &Kind, value: Feel) -> Result<Feel, EvalError> {
        let index = match kind {
            Kind::Plain(plain) => return read_date(session, plain, value),
            Kind::Defined(index) => *index,
        };
        let definition = &self.definitions[index];
        if let (true, Some(items)) = (definition.collection, value.items()) {
            let items: Result<Vec<Feel>, _> = items.map(|i| self.dated_one(session, definition, i)).collect();
            return items.map(Feel::list);
        }
        self.dated_one(session, definition, value)
    }

    fn dated_one(&self, session: &mut Session, definition: &Definition, value: Feel) -> Result<Feel, EvalError> {
        session.deeper(|session| {
            session.burn(1)?;
            match &definition.shape {
                Shape::Is(kind) => self.dated(session, kind, value),
                Shape::Members(members) => {
                    let Some(mut entries) = value.entries() else { return Ok(value) };
                    for (name, entry) in &mut entries {
                        if let Some((_, kind)) = members.iter().find(|(n, _)| n == name) {
                            *entry = self.dated(session, kind, entry.clone())?;
                        }
                    }
                    Ok(Feel::context(entries))
                }
            }
        })
    }

    fn converted(&self, session: &mut Session, kind: &Kind, value: &Feel) -> Result<Option<Feel>, EvalError> {
        if self.holds(session, kind, value)? {
            return Ok(Some(value.clone()));
        }
        if self.is_list(kind) {
            let wrapped = Feel::list([value.clone()]);
            let fits = !value.is_list() && self.holds(session, kind, &wrapped)?;
            return Ok(fits.then_some(wrapped));
        }
        if let (Some(1), Some(item)) = (value.list_len(), value.list_item(0)) {
            return Ok(self.holds(session, kind, &item)?.then_some(item));
        }
        if let (Feel::Data(Value::Date(_)), Kind::Plain(Type::DateTime)) = (value, kind) {
            return Ok(Type::DateTime.coerce(value.clone()));
        }
        Ok(None)
    }

    /// Whether the value is of the type, allowed values included.
    fn holds(&self, session: &mut Session, kind: &Kind, value: &Feel) -> Result<bool, EvalError> {
        session.burn(1)?;
        if value.is_null() {
            return Ok(true);
        }
        let index = match kind {
            Kind::Plain(plain) => return Ok(plain.holds(value)),
            Kind::Defined(index) => *index,
        };
        session.deeper(|session| {
            let definition = &self.definitions[index];
            if !definition.collection {
                return self.holds_one(session, definition, value);
            }
            let Some(items) = value.items() else { return Ok(false) };
            for item in items {
                if !item.is_null() && !self.holds_one(session, definition, &item)? {
                    return Ok(false);
                }
            }
            pass(session, definition.constraint.as_ref(), value)
        })
    }

    fn holds_one(&self, session: &mut Session, definition: &Definition, value: &Feel) -> Result<bool, EvalError> {
        match &definition.shape {
            Shape::Is(kind) => {
                if !self.holds(session, kind, value)? {
                    return Ok(false);
                }
            }
            Shape::Members(members) => {
                if !value.is_context() {
                    return Ok(false);
                }
                for (name, kind) in members {
                    let Some(member) = value.entry(name) else { return Ok(false) };
                    if !self.holds(session, kind, &member)? {
                        return Ok(false);
                    }
                }
            }
        }
        if definition.collection {
            return pass(session, definition.allowed.as_ref(), value);
        }
        Ok(pass(session, definition.allowed.as_ref(), value)? && pass(session, definition.constraint.as_ref(), value)?)
    }
}

fn pass(session: &mut Session, tests: Option<&Arc<Tests>>, value: &Feel) -> Result<bool, EvalError> {
    tests.map_or(Ok(true), |tests| tests.pass(session, value))
}

fn read_date(session: &mut Session, plain: &Type, value: Feel) -> Result<Feel, EvalError> {
    let function = match plain {
        Type::Date => "date",
        Type::Time => "time",
        Type::DateTime => "date and time",
        Type::DaysDuration | Type::YearsDuration => "duration",
        _ => return Ok(value),
    };
    if value.as_text().is_none() {
        return Ok(value);
    }
    session.builtin(function, vec![value])
}
