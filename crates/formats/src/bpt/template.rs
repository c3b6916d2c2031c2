//! The template in a `.bpt` file (Bitrix contract 5.1, 5.2).
//!
//! Invariant: reading what was written gives the same template, unknown keys and node types included.
//! Never: decides what a node does.

use super::BptError;
use super::php::{Array, Budget, Key, Php, read as read_php, read_cp1251, write as write_php};
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use model::limits::Limits;
use std::io::{Read, Write};

/// A Bitrix template.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// Version of the format: 2.
    pub version: i64,
    /// The root node.
    pub root: Node,
    /// Descriptors by key.
    pub parameters: Array,
    /// Descriptors by key.
    pub variables: Array,
    /// Descriptors by key.
    pub constants: Array,
    /// A snapshot of the document's fields, when the file has one.
    pub document_fields: Option<Php>,
    /// Everything else in the file.
    pub extra: Array,
}

/// A node of the template's tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The activity's type.
    pub kind: String,
    /// Unique in the template; the object's name in expressions.
    pub name: String,
    /// Whether the node takes part; `None`: the key is absent, which means yes.
    pub activated: Option<Php>,
    /// Settings by name.
    pub properties: Array,
    /// Children in order.
    pub children: Vec<Node>,
    /// Unknown keys.
    pub extra: Array,
}

impl Node {
    /// Whether the node takes part.
    pub fn is_active(&self) -> bool {
        self.activated.as_ref().is_none_or(|a| !matches!(a, Php::Text(t) if t.eq_ignore_ascii_case("n")))
    }

    /// A property's text, blank counting as none.
    pub fn text(&self, key: &str) -> Option<String> {
        self.properties.text(key).filter(|t| !t.trim().is_empty())
    }

    /// Whether a property is set.
    pub fn flag(&self, key: &str) -> bool {
        self.properties.get(key).is_some_and(Php::flag)
    }

    /// Whether the type is `name`, without regard to case.
    pub fn is(&self, name: &str) -> bool {
        self.kind.eq_ignore_ascii_case(name)
    }
}

/// Expansion above which a compressed file counts as a bomb once it is larger than a megabyte.
const RATIO: usize = 400;

/// Reads a `.bpt` file: compressed or raw.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Template, BptError> {
    let raw;
    let data = if bytes.starts_with(b"a:") {
        bytes
    } else {
        raw = inflate(bytes, limits)?;
        &raw
    };
    if data.len() > limits.definition_bytes {
        return Err(BptError::TooLarge { what: "bytes" });
    }
    let budget = Budget { depth: limits.definition_depth, values: limits.definition_elements.saturating_mul(20) };
    let value = match read_php(data, budget) {
        Err(BptError::NotUtf8) => read_cp1251(data, budget)?,
        other => other?,
    };
    template(value)
}

fn inflate(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, BptError> {
    let mut out = Vec::new();
    let limit = limits.definition_bytes as u64 + 1;
    let mut decoder = ZlibDecoder::new(bytes).take(limit);
    decoder.read_to_end(&mut out).map_err(|_| BptError::Compression)?;
    let bomb = out.len() > 1 << 20 && out.len() / bytes.len().max(1) > RATIO;
    if bomb || out.len() > limits.definition_bytes {
        return Err(BptError::TooLarge { what: "bytes when unpacked" });
    }
    Ok(out)
}

fn template(value: Php) -> Result<Template, BptError> {
    let Php::Array(file) = value else { return Err(BptError::NotTemplate) };
    let mut template = Template {
        version: 2,
        root: Node {
            kind: String::new(),
            name: String::new(),
            activated: None,
            properties: Array::default(),
            children: Vec::new(),
            extra: Array::default(),
        },
        parameters: Array::default(),
        variables: Array::default(),
        constants: Array::default(),
        document_fields: None,
        extra: Array::default(),
    };
    let mut root = None;
    for (key, value) in file.0 {
        match (&key, value) {
            (Key::Text(k), Php::Int(version)) if k == "VERSION" => template.version = version,
            (Key::Text(k), Php::Array(nodes)) if k == "TEMPLATE" => {
                root = nodes.0.into_iter().next().map(|(_, node)| node);
            }
            (Key::Text(k), Php::Array(map)) if k == "PARAMETERS" => template.parameters = map,
            (Key::Text(k), Php::Array(map)) if k == "VARIABLES" => template.variables = map,
            (Key::Text(k), Php::Array(map)) if k == "CONSTANTS" => template.constants = map,
            (Key::Text(k), fields) if k == "DOCUMENT_FIELDS" => template.document_fields = Some(fields),
            (Key::Text(k), Php::Null | Php::Text(_))
                if ["PARAMETERS", "VARIABLES", "CONSTANTS"].contains(&k.as_str()) => {}
            (_, value) => template.extra.0.push((key, value)),
        }
    }
    template.root = node(root.ok_or(BptError::NotTemplate)?)?;
    Ok(template)
}

/// The depth was limited when the value was read.
fn node(value: Php) -> Result<Node, BptError> {
    let Php::Array(fields) = value else { return Err(BptError::NotTemplate) };
    let mut node = Node {
        kind: String::new(),
        name: String::new(),
        activated: None,
        properties: Array::default(),
        children: Vec::new(),
        extra: Array::default(),
    };
    for (key, value) in fields.0 {
        match (&key, value) {
            (Key::Text(k), Php::Text(kind)) if k == "Type" => node.kind = kind,
            (Key::Text(k), Php::Text(name)) if k == "Name" => node.name = name,
            (Key::Text(k), value) if k == "Activated" => node.activated = Some(value),
            (Key::Text(k), Php::Array(map)) if k == "Properties" => node.properties = map,
            (Key::Text(k), Php::Array(children)) if k == "Children" => {
                node.children = children.0.into_iter().map(|(_, child)| self::node(child)).collect::<Result<_, _>>()?;
            }
            (_, value) => node.extra.0.push((key, value)),
        }
    }
    if node.kind.is_empty() {
        return Err(BptError::NotTemplate);
    }
    Ok(node)
}

fn text_key(key: &str) -> Key {
    Key::Text(key.to_owned())
}

fn node_php(node: &Node) -> Php {
    let mut fields =
        vec![(text_key("Type"), Php::Text(node.kind.clone())), (text_key("Name"), Php::Text(node.name.clone()))];
    fields.extend(node.activated.clone().map(|a| (text_key("Activated"), a)));
    fields.push((text_key("Properties"), Php::Array(node.properties.clone())));
    let children = Array::list(node.children.iter().map(node_php).collect());
    fields.push((text_key("Children"), Php::Array(children)));
    fields.extend(node.extra.0.iter().cloned());
    Php::Array(Array(fields))
}

fn file_php(template: &Template) -> Php {
    let mut fields = vec![
        (text_key("VERSION"), Php::Int(template.version)),
        (text_key("TEMPLATE"), Php::Array(Array::list(vec![node_php(&template.root)]))),
        (text_key("PARAMETERS"), Php::Array(template.parameters.clone())),
        (text_key("VARIABLES"), Php::Array(template.variables.clone())),
        (text_key("CONSTANTS"), Php::Array(template.constants.clone())),
    ];
    fields.extend(template.document_fields.clone().map(|f| (text_key("DOCUMENT_FIELDS"), f)));
    fields.extend(template.extra.0.iter().cloned());
    Php::Array(Array(fields))
}

/// Writes a compressed `.bpt` file.
pub fn write(template: &Template) -> Vec<u8> {
    let data = write_php(&file_php(template));
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    // Writing into memory can not fail; an empty file would be refused by every reader.
    match encoder.write_all(&data).and_then(|()| encoder.finish()) {
        Ok(bytes) => bytes,
        Err(_) => data,
    }
}

/// The template's parts as JSON under their names in the file.
pub fn to_json(template: &Template) -> serde_json::Value {
    file_php(template).to_json()
}
