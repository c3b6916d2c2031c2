//! Trees to a program: references resolved, expressions read, what is wrong told.
//!
//! Invariant: total: whatever can not be compiled becomes [`Form::Broken`] and a finding that forbids deployment.
//! Findings are those of the first file; the others come with findings of their own.

mod logic;
mod tables;

use crate::finding::{Findings, Text};
use crate::program::{Boxed, Decision, Form, Function, Input, Program, Requirement, Service, What};
use crate::tree::{Reference, Tree};
use crate::types::{self, Kind, Types};
use expr::feel;
use logic::Reader;
use model::limits::Limits;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A chain of decisions that need each other may be so long.
const CHAIN: usize = 64;

/// Compiles `trees`, of which the first is the model and the others are what it may import.
pub(crate) fn compile(trees: &[Tree], findings: &mut Findings, limits: &Limits) -> Program {
    let types = types::read(trees, findings, limits);
    let mut compiler = Compiler { trees, types, limits, index: HashMap::new(), long_names: logic::Names::default() };
    compiler.index_elements(findings);
    compiler.collect_names();
    let mut program = Program {
        types: Types::default(),
        inputs: Vec::new(),
        decisions: Vec::new(),
        functions: Vec::new(),
        services: Vec::new(),
        unfold: feel::compile("for each in range return each", &feel::Options::default()).expect("it is valid FEEL"),
    };
    for (file, tree) in trees.iter().enumerate() {
        // Findings about imported files are theirs; here they go nowhere.
        let mut ignored = Findings::new("");
        let findings = if file == 0 { &mut *findings } else { &mut ignored };
        imports_exist(trees, tree, findings);
        compiler.file(file, &mut program, findings);
    }
    program.types = compiler.types;
    check_cycles(&program, trees, findings);
    program
}

pub(super) struct Compiler<'c> {
    trees: &'c [Tree],
    types: Types,
    limits: &'c Limits,
    index: HashMap<(Arc<str>, Arc<str>), What>,
    /// Names of several words anywhere in the model.
    long_names: logic::Names,
}

impl<'c> Compiler<'c> {
    fn index_elements(&mut self, findings: &mut Findings) {
        let (mut inputs, mut decisions, mut functions, mut services) = (0, 0, 0, 0);
        for (file, tree) in self.trees.iter().enumerate() {
            let mut ids: Vec<(&Arc<str>, What, usize)> = Vec::new();
            for input in &tree.inputs {
                ids.push((&input.id, What::Input(next(&mut inputs)), 0));
            }
            for decision in &tree.decisions {
                ids.push((&decision.id, What::Decision(next(&mut decisions)), decision.at));
            }
            for function in &tree.functions {
                ids.push((&function.id, What::Function(next(&mut functions)), function.at));
            }
            for service in &tree.services {
                ids.push((&service.id, What::Service(next(&mut services)), service.at));
            }
            for (id, what, at) in ids {
                let known = self.index.insert((tree.namespace.clone(), id.clone()), what).is_some();
                let twice = known && !id.is_empty();
                if file == 0 && (twice || id.is_empty()) {
                    let en = if twice { format!("The id `{id}` stands twice") } else { "The id is missing".to_owned() };
                    let ru = if twice {
                        format!("Идентификатор «{id}» встречается дважды")
                    } else {
                        "Нет идентификатора".to_owned()
                    };
                    findings.error("DMN-02", Some(id), at, Text::new(en, ru));
                }
            }
        }
    }

    fn collect_names(&mut self) {
        let mut names: HashSet<Arc<str>> = HashSet::new();
        for tree in self.trees {
            names.extend(tree.imports.iter().map(|i| i.name.clone()));
            names.extend(tree.inputs.iter().map(|i| i.variable.name.clone()));
            names.extend(tree.decisions.iter().map(|d| d.variable.name.clone()));
            names.extend(tree.functions.iter().map(|f| f.variable.name.clone()));
            names.extend(tree.services.iter().map(|s| s.variable.name.clone()));
            let mut items: Vec<_> = tree.types.iter().collect();
            while let Some(item) = items.pop() {
                names.insert(item.name.clone());
                items.extend(&item.components);
            }
            let logics = tree.decisions.iter().filter_map(|d| d.logic.as_ref());
            let bodies = tree.functions.iter().filter_map(|f| f.definition.as_ref());
            logics.for_each(|l| logic::names_in(l, &mut names));
            bodies.for_each(|b| logic::names_in_function(b, &mut names));
        }
        // `Person.Name` may be a parameter's name here and a path there: known only where it is declared.
        let is_path = |n: &str| n.contains('.') && !n.contains(char::is_whitespace);
        let is_long = |n: &Arc<str>| !is_path(n) && !n.chars().all(|c| c.is_alphanumeric() || c == '_');
        let mut long: Vec<_> = names.into_iter().filter(is_long).collect();
        long.sort();
        long.into_iter().for_each(|name| self.long_names.push(name));
    }

    fn file(&mut self, file: usize, program: &mut Program, findings: &mut Findings) {
        let tree = &self.trees[file];
        for input in &tree.inputs {
            let kind = self.kind(file, input.variable.type_ref.as_ref(), findings, (&input.id, 0));
            program.inputs.push(Input { name: input.variable.name.clone(), kind });
        }
        for function in &tree.functions {
            let compiled = self.function(file, function, findings);
            program.functions.push(Arc::new(compiled));
        }
        for decision in &tree.decisions {
            let compiled = self.decision(file, decision, findings);
            program.decisions.push(compiled);
        }
        for service in &tree.services {
            let compiled = self.service(file, service, findings);
            program.services.push(Arc::new(compiled));
        }
    }

    /// The type of a `typeRef`.
    fn kind(
        &self,
        file: usize,
        name: Option<&Arc<str>>,
        findings: &mut Findings,
        (element, at): (&str, usize),
    ) -> Option<Kind> {
        let name = name?;
        let found = self.types.find(self.trees, &self.trees[file], name);
        if found.is_none() {
            types::unknown_type(findings, name, Some(element), at);
        }
        found
    }

    fn resolve(&self, file: usize, reference: &Reference) -> Option<What> {
        let tree = &self.trees[file];
        let (namespace, id) = match reference.href.split_once('#') {
            Some(("", id)) => (tree.namespace.clone(), id),
            Some((namespace, id)) => (Arc::from(namespace), id),
            None => (tree.namespace.clone(), &*reference.href),
        };
        self.index.get(&(namespace, Arc::from(id))).copied()
    }

    /// The file and the variable's name of an element.
    fn element(&self, what: What) -> Option<(usize, &'c Arc<str>, &'c Arc<str>)> {
        let mut left = match what {
            What::Input(i) | What::Decision(i) | What::Function(i) | What::Service(i) => i,
        };
        for (file, tree) in self.trees.iter().enumerate() {
            let count = match what {
                What::Input(_) => tree.inputs.len(),
                What::Decision(_) => tree.decisions.len(),
                What::Function(_) => tree.functions.len(),
                What::Service(_) => tree.services.len(),
            };
            if left < count {
                return Some(match what {
                    What::Input(_) => (file, &tree.inputs[left].variable.name, &tree.inputs[left].id),
                    What::Decision(_) => (file, &tree.decisions[left].variable.name, &tree.decisions[left].id),
                    What::Function(_) => (file, &tree.functions[left].variable.name, &tree.functions[left].id),
                    What::Service(_) => (file, &tree.services[left].variable.name, &tree.services[left].id),
                });
            }
            left -= count;
        }
        None
    }

    fn requirements<'r>(
        &self,
        file: usize,
        references: impl IntoIterator<Item = &'r Reference>,
        findings: &mut Findings,
        owner: &str,
    ) -> Vec<Requirement> {
        let mut out: Vec<Requirement> = Vec::new();
        for reference in references {
            let found = self.resolve(file, reference).and_then(|what| Some((what, self.element(what)?)));
            let Some((what, (owning, name, id))) = found else {
                let href = &reference.href;
                let en = format!("`{href}` leads to no element of this model or its imports");
                let ru = format!("«{href}» не ведёт ни к какому элементу модели или её импортов");
                findings.error("DMN-03", Some(owner), reference.at, Text::new(en, ru));
                continue;
            };
            let tree = &self.trees[file];
            let import = if owning == file {
                None
            } else {
                let namespace = &self.trees[owning].namespace;
                tree.imports.iter().find(|i| i.namespace == *namespace).map(|i| i.name.clone())
            };
            let import = import.filter(|name| !name.is_empty());
            let aliases = if owning == file { self.aliases(what, name, id) } else { Vec::new() };
            out.push(Requirement { name: name.clone(), import, what, aliases });
        }
        let taken: HashSet<Arc<str>> = out.iter().map(|r| r.import.clone().unwrap_or_else(|| r.name.clone())).collect();
        out.iter_mut().for_each(|r| r.aliases.retain(|a| !taken.contains(a)));
        out
    }

    /// Camunda 8 knows a required decision by its id, Camunda 7 by the name of its table's only output.
    fn aliases(&self, what: What, name: &Arc<str>, id: &Arc<str>) -> Vec<Arc<str>> {
        let What::Decision(index) = what else { return Vec::new() };
        let mut out = vec![id.clone()];
        let decision = self.trees.iter().flat_map(|t| &t.decisions).nth(index);
        if let Some(crate::tree::Form::Table(table)) = decision.and_then(|d| d.logic.as_ref()).map(|l| &l.form)
            && let [output] = table.outputs.as_slice()
        {
            out.extend(output.name.clone());
        }
        out.retain(|a| a != name);
        out.dedup();
        out
    }

    fn decision(&self, file: usize, decision: &crate::tree::Decision, findings: &mut Findings) -> Decision {
        let references = decision.requires.iter().chain(&decision.knows);
        let requires = self.requirements(file, references, findings, &decision.id);
        let kind = self.kind(file, decision.variable.type_ref.as_ref(), findings, (&decision.id, decision.at));
        let logic = decision.logic.as_ref().map(|logic| {
            let mut reader = Reader::new(self, file, &decision.id, findings);
            reader.declare(&requires);
            reader.boxed(logic)
        });
        if logic.is_none() {
            let en = "The decision has no logic: its result is null";
            findings.warn(
                "DMN-10",
                Some(&decision.id),
                decision.at,
                Text::new(en, "У решения нет логики: результат null"),
            );
        }
        let (id, name) = (decision.id.clone(), decision.name.clone());
        Decision { file, id, name, version_tag: decision.version_tag.clone(), kind, requires, logic }
    }

    fn function(&self, file: usize, function: &crate::tree::Function, findings: &mut Findings) -> Function {
        let knows = self.requirements(file, &function.knows, findings, &function.id);
        let broken = |why: &str| Boxed { form: Form::Broken(why.to_owned()), kind: None };
        let Some(definition) = &function.definition else {
            let en = "The business knowledge model has no logic";
            findings.warn("DMN-10", Some(&function.id), function.at, Text::new(en, "У модели знаний нет логики"));
            return Function {
                name: function.variable.name.clone(),
                params: Vec::new(),
                kinds: Vec::new(),
                knows,
                body: broken(en),
            };
        };
        let mut reader = Reader::new(self, file, &function.id, findings);
        reader.declare(&knows);
        // It may call itself.
        reader.declare_name(&function.variable.name);
        let (params, kinds, body) = reader.function(definition);
        Function { name: function.variable.name.clone(), params, kinds, knows, body }
    }

    fn service(&self, file: usize, service: &crate::tree::Service, findings: &mut Findings) -> Service {
        let inputs = service.input_data.iter();
        let given = self.requirements(file, inputs.chain(&service.input_decisions), findings, &service.id);
        let outputs = self.requirements(file, &service.outputs, findings, &service.id);
        let outputs = outputs.iter().filter_map(|r| if let What::Decision(i) = r.what { Some(i) } else { None });
        Service {
            file,
            id: service.id.clone(),
            name: service.name.clone(),
            params: given.iter().map(|r| r.name.clone()).collect(),
            given: given.iter().map(|r| r.what).collect(),
            kind: self.kind(file, service.variable.type_ref.as_ref(), findings, (&service.id, service.at)),
            outputs: outputs.collect(),
        }
    }
}

fn next(counter: &mut usize) -> usize {
    *counter += 1;
    *counter - 1
}

fn imports_exist(trees: &[Tree], tree: &Tree, findings: &mut Findings) {
    for import in &tree.imports {
        if !trees.iter().any(|t| t.namespace == import.namespace) {
            let namespace = &import.namespace;
            let en = format!("The imported model `{namespace}` is not here: deploy both files together");
            let ru = format!("Импортируемой модели «{namespace}» нет: развёртывайте оба файла вместе");
            findings.error("DMN-03", None, import.at, Text::new(en, ru));
        }
    }
}

/// Requirements must end somewhere, and not too far away.
fn check_cycles(program: &Program, trees: &[Tree], findings: &mut Findings) {
    // 0: not seen, 1: on the way, 2 and more: the length of its chain and one.
    let mut lengths = vec![0usize; program.decisions.len()];
    let mut told = false;
    for start in 0..program.decisions.len() {
        if !told && chain(program, start, &mut lengths, 0).is_none() {
            told = true;
            let decision = &program.decisions[start];
            let at = trees.first().and_then(|t| t.decisions.iter().find(|d| d.id == decision.id)).map_or(0, |d| d.at);
            let en =
                format!("The decision `{}` needs itself, or a chain of more than {CHAIN} decisions", decision.name);
            let ru = format!("Решение «{}» зависит от себя или от цепочки длиннее {CHAIN} решений", decision.name);
            findings.error("DMN-04", Some(&decision.id), at, Text::new(en, ru));
        }
    }
}

fn chain(program: &Program, index: usize, lengths: &mut [usize], depth: usize) -> Option<usize> {
    match lengths[index] {
        0 if depth < CHAIN => {}
        0 | 1 => return None,
        known => return Some(known),
    }
    lengths[index] = 1;
    let mut longest = 1;
    for requirement in &program.decisions[index].requires {
        if let What::Decision(next) = requirement.what {
            longest = longest.max(chain(program, next, lengths, depth + 1)?);
        }
    }
    lengths[index] = longest + 1;
    (longest <= CHAIN).then_some(longest + 1)
}
