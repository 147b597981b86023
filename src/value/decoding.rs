//! The numbers of a decoding.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de};

/// Defines a finite number with a rule.
macro_rules! checked {
    ($(#[doc = $doc:literal])+ pub struct $name:ident, $said:literal: |$value:ident| $rule:expr, $schema:tt) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
        pub struct $name(f64);

        impl $name {
            #[doc = concat!("Checks that ", $said, ".")]
            pub fn new($value: f64) -> Result<Self, String> {
                // There is one zero only.
                if $value.is_finite() && $rule { Ok(Self($value + 0.0)) } else {
                    Err(format!(concat!($said, "; {} is not"), $value))
                }
            }

            /// The number.
            pub fn get(self) -> f64 {
                self.0
            }
        }

        // No NaN passes the rule, and equal numbers have equal bits.
        impl Eq for $name {}

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.0.to_bits().hash(state);
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(f64::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    };
}

checked! {
    /// What logits are divided by: above 1 flattens the distribution, below 1 sharpens it.
    pub struct Temperature, "a temperature is above 0, such as 0.8": |value| value > 0.0,
    { "type": "number", "exclusiveMinimum": 0 }
}

impl Temperature {
    /// The model's own distribution.
    pub const ONE: Self = Self(1.0);
}

checked! {
    /// How much probability the kept tokens hold (Holtzman et al. 2020).
    pub struct TopP, "a top-p is above 0 and at most 1, such as 0.9": |value| value > 0.0 && value <= 1.0,
    { "type": "number", "exclusiveMinimum": 0, "maximum": 1 }
}

checked! {
    /// How probable a token must be, relative to the most probable one (Nguyen et al. 2024).
    pub struct MinP, "a min-p lies between 0 and 1, such as 0.05": |value| (0.0..=1.0).contains(&value),
    { "type": "number", "minimum": 0, "maximum": 1 }
}

checked! {
    /// What the positive logits of tokens that stand in the text are divided by, and the negative ones multiplied with
    /// (Keskar et al. 2019): above 1 for fewer repetitions, below 1 for more.
    pub struct RepetitionPenalty, "a repetition penalty is above 0, such as 1.2": |value| value > 0.0,
    { "type": "number", "exclusiveMinimum": 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_has_its_rule() {
        assert!([0.0, -1.0, f64::NAN, f64::INFINITY].iter().all(|number| Temperature::new(*number).is_err()));
        assert!([0.0, 1.1, f64::NAN].iter().all(|number| TopP::new(*number).is_err()));
        assert!([-0.1, 1.1, f64::NAN].iter().all(|number| MinP::new(*number).is_err()));
        assert!([0.0, f64::INFINITY].iter().all(|number| RepetitionPenalty::new(*number).is_err()));
        assert!(TopP::new(1.0).is_ok() && MinP::new(1.0).is_ok() && Temperature::new(1e-300).is_ok());
        assert_eq!(MinP::new(-0.0).map(|zero| zero.get().to_bits()), Ok(0));
        assert_eq!(TopP::new(7.0), Err("a top-p is above 0 and at most 1, such as 0.9; 7 is not".to_owned()));
    }
}
