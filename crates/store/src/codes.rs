//! Closed sets that rows keep as small integers.

/// Defines an enum whose variants have a stored code and a name.
macro_rules! coded {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }
        impl $name {
            /// Every variant.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The stored code.
            pub fn code(self) -> i64 {
                match self { $(Self::$variant => $code,)* }
            }
            /// The variant of a stored code.
            pub fn from_code(code: i64) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }
            /// The name, as the native API spells it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
            /// The variant of a name.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }
        impl $crate::rows::FromCells for $name {
            fn read<C: $crate::rows::Cells>(cells: &mut C) -> std::result::Result<Self, C::Error> {
                Self::from_code(cells.get()?).ok_or_else(|| cells.refused("unknown code"))
            }
        }
        impl From<$name> for $crate::query::Scalar {
            fn from(v: $name) -> Self { Self::Int(v.code()) }
        }
    )*};
}
pub(crate) use coded;
