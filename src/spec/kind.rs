//! What a kind of task must be able to do to be read, and the list of kinds.

use schemars::{Schema, SchemaGenerator};
use serde::Serialize;

use super::{
    lint::Linter,
    reader::{Fields, Reader},
    sample::Draw,
};

/// One kind of task, as it was read.
pub trait Kind {
    /// Leaves out the items that a limit or a sample leaves out.
    fn select(&mut self, draw: &Draw<'_>);

    /// How many items are asked about, and how many there were to choose from.
    fn items(&self) -> Counted;

    /// The metrics that it reports, by which expectations are checked.
    fn metrics(&self) -> Vec<Reported>;

    /// What can be wrong in a task that reads well, in all of its items.
    fn lint(&self, linter: &mut Linter<'_>);

    /// What can be wrong with the items that are left by a limit or a sample: how many, and of which sorts.
    fn lint_selection(&self, _: &mut Linter<'_>) {}
}

/// Items taken and items there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Asked about.
    pub taken: usize,
    /// Before a limit or sample.
    pub available: usize,
    /// Lists of items that lie where they cannot be read from yet.
    pub unread: usize,
}

impl Counted {
    /// Of one list of items.
    pub fn of<C>(items: &super::Items<C>) -> Self {
        Self { taken: items.len(), available: items.available(), unread: usize::from(items.are_unread()) }
    }

    /// With solved examples, which are not counted but have to be read as well.
    #[must_use]
    pub fn with_shots<C>(self, shots: &super::Items<C>) -> Self {
        Self { unread: self.unread + usize::from(shots.are_unread()), ..self }
    }
}

impl std::iter::Sum for Counted {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), |sum, part| Self {
            taken: sum.taken + part.taken,
            available: sum.available + part.available,
            unread: sum.unread + part.unread,
        })
    }
}

/// A metric, of the whole task or of a part of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reported {
    /// A strategy, a group; the whole task where there is none.
    pub part: Option<String>,
    /// Its name, such as `accuracy`.
    pub metric: String,
}

impl Reported {
    /// Metrics of the whole task.
    pub fn whole(metrics: &[&str]) -> Vec<Self> {
        metrics.iter().map(|metric| Self { part: None, metric: (*metric).to_owned() }).collect()
    }

    /// Metrics of a part.
    pub fn part(part: &str, metrics: &[&str]) -> Vec<Self> {
        metrics
            .iter()
            .map(|metric| Self { part: Some(part.to_owned()), metric: (*metric).to_owned() })
            .collect()
    }
}

/// The list of kinds: an enum made by [`kinds!`].
pub trait Kinds: Sized + Clone + std::fmt::Debug + Serialize {
    /// The names of the kinds.
    const NAMES: &'static [&'static str];
    /// The keys of a kind, those that every task has left out.
    fn keys(kind: &str) -> Vec<&'static str>;
    /// Takes a task of a kind out of a mapping.
    fn take(kind: &str, fields: &mut Fields<'_>, reader: &mut Reader) -> Option<Self>;
    /// The name of its kind.
    fn name(&self) -> &'static str;
    /// What every kind can do.
    fn kind(&self) -> &dyn Kind;
    /// What every kind can do to itself.
    fn kind_mut(&mut self) -> &mut dyn Kind;
    /// One schema a kind, by its name.
    fn schemas(generator: &mut SchemaGenerator) -> Vec<(&'static str, Schema)>;
}

/// Makes the enum of kinds: the first key of a task names its variant.
macro_rules! kinds {
    (
        $(#[doc = $doc:literal])+
        pub enum $name:ident { $($(#[doc = $about:literal])* $variant:ident($type:ty) = $key:literal),+ $(,)? }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        #[serde(untagged)]
        #[allow(clippy::large_enum_variant, reason = "a suite has few tasks")]
        pub enum $name { $($(#[doc = $about])* $variant($type)),+ }

        impl $crate::spec::Kinds for $name {
            const NAMES: &'static [&'static str] = &[$($key),+];

            fn keys(kind: &str) -> Vec<&'static str> {
                match kind {
                    $($key => <$type as $crate::spec::Keys>::names(),)+
                    _ => Vec::new(),
                }
            }

            fn take(
                kind: &str,
                fields: &mut $crate::spec::Fields<'_>,
                reader: &mut $crate::spec::Reader,
            ) -> Option<Self> {
                match kind {
                    $($key => <$type as $crate::spec::Keys>::take(fields, reader).map(Self::$variant),)+
                    _ => None,
                }
            }

            fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $key),+ }
            }

            fn kind(&self) -> &dyn $crate::spec::Kind {
                match self { $(Self::$variant(kind) => kind),+ }
            }

            fn kind_mut(&mut self) -> &mut dyn $crate::spec::Kind {
                match self { $(Self::$variant(kind) => kind),+ }
            }

            fn schemas(generator: &mut schemars::SchemaGenerator) -> Vec<(&'static str, schemars::Schema)> {
                vec![$(($key, $crate::spec::task_schema::<$type>($key, generator))),+]
            }
        }
    };
}
pub(crate) use kinds;
